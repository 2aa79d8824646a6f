"""A OneRoster package, brought to a server by SFTP whenever there is news."""
