"""Rostering as a Django app."""

from django.apps import AppConfig


class RosteringConfig(AppConfig):
    """Registers the app and its permission names."""

    name = "openpatron.rostering"
    label = "rostering"

    def ready(self) -> None:
        """Declare the permissions."""
        from . import permissions  # noqa: F401, PLC0415  names are declared on import
