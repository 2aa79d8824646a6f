"""OneRoster CSV packages, 1.1 and 1.2, bulk and delta."""
