"""The kernel as a Django app: it owns the shared cache table."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """Registers the kernel's one migration, and its lookup ``among``."""

    name = "openpatron.kernel"
    label = "kernel"

    def ready(self) -> None:
        """Make the lookup known, and leave Django's classes as they are by now."""
        from . import among  # noqa: F401, PLC0415  models are ready only now
        from .steady_classes import count_elsewhere  # noqa: PLC0415

        count_elsewhere()
