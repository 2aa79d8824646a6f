"""A message to an address of the web that there is news; the platform then fetches."""
