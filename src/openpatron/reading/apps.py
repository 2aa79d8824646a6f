"""The reading community as a Django app."""

from django.apps import AppConfig


class ReadingConfig(AppConfig):
    """Registers the app, its permission, and that the clock looks after it."""

    name = "openpatron.reading"
    label = "reading"

    def ready(self) -> None:
        """Declare the permission and what the clock does."""
        from openpatron.ledger.nightly import (  # noqa: PLC0415  apps must be loaded first
            register_look,
        )

        from . import permissions  # noqa: F401, PLC0415  names are declared on import
        from .actions.pull_roster import pull_if_due  # noqa: PLC0415

        register_look("pull_roster", pull_if_due)
