"""Destiny patron CSV: one row for each patron and site."""
