"""A OneRoster package, written into a folder whenever there is news."""
