"""A OneRoster 1.2 REST provider, from which the platform fetches by itself."""
