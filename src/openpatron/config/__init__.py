"""Settings, addresses, and the way in for servers and the command line."""
