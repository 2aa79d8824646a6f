"""A OneRoster 1.2 package, brought to a server by SFTP whenever there is news."""

from .deliver import deliver

__all__ = ("deliver",)
