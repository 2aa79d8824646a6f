"""A OneRoster 1.2 package, written into a folder whenever there is news."""

from .deliver import deliver

__all__ = ("deliver",)
