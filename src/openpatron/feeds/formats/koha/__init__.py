"""Koha's patron CSV, with its attributes."""
