"""The web package as a Django app."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Registers the app."""

    name = "openpatron.web"
    label = "web"
