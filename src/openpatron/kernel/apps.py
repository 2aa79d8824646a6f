"""The kernel as a Django app: it owns the shared cache table."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """Registers the kernel's one migration, and its lookup ``among``."""

    name = "openpatron.kernel"
    label = "kernel"

    def ready(self) -> None:
        """Make the lookup known."""
        from . import among  # noqa: F401, PLC0415  models are ready only now
