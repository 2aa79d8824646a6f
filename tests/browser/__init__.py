"""What only a browser can show: reading, keys, scanning, waiting, and what each page looks like."""
