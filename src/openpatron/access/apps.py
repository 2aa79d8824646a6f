"""Access as a Django app."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Registers the app."""

    name = "openpatron.access"
    label = "access"
