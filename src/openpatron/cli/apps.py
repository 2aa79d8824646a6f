"""The cli package as a Django app."""

from django.apps import AppConfig


class CliConfig(AppConfig):
    """Registers the app."""

    name = "openpatron.cli"
    label = "cli"
