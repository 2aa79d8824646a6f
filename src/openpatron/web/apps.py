"""The web package as a Django app."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Registers the app, and where links in messages lead."""

    name = "openpatron.web"
    label = "web"

    def ready(self) -> None:
        """Say how the links are made."""
        from .message_links import register_links  # noqa: PLC0415  apps must be loaded first
        from .reading_identity import register_reading  # noqa: PLC0415

        register_links()
        register_reading()
