"""OpenPatron: patron management for libraries."""

__version__ = "0.1.0"
