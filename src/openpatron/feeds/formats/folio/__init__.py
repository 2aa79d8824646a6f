"""FOLIO's user JSON, as its user import takes it."""
