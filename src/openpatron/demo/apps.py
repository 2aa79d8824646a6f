"""The demo package as a Django app."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Registers the app."""

    name = "openpatron.demo"
    label = "demo"
