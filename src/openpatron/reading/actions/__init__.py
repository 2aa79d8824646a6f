"""What may be done, one file each."""
