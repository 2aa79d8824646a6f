"""Sources and feeds as a Django app."""

from django.apps import AppConfig


class FeedsConfig(AppConfig):
    """Registers the app and its permission names."""

    name = "openpatron.feeds"
    label = "feeds"

    def ready(self) -> None:
        """Declare the permissions."""
        from . import permissions  # noqa: F401, PLC0415  names are declared on import
