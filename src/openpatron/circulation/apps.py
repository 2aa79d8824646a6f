"""Circulation as a Django app."""

from django.apps import AppConfig


class CirculationConfig(AppConfig):
    """Registers the app and its permission names."""

    name = "openpatron.circulation"
    label = "circulation"

    def ready(self) -> None:
        """Declare the permissions, and what is done at night."""
        from . import permissions  # noqa: F401, PLC0415  names are declared on import
        from .nights import register_nights  # noqa: PLC0415  apps must be loaded first

        register_nights()
