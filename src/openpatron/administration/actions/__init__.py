"""The writes of administration, one file each."""
