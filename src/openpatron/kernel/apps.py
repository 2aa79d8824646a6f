"""The kernel as a Django app: it owns the shared cache table."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """Registers the kernel's one migration."""

    name = "openpatron.kernel"
    label = "kernel"
