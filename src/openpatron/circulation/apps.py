"""Circulation as a Django app."""

from django.apps import AppConfig


class CirculationConfig(AppConfig):
    """Registers the app, its permission names, and what it has to say about patrons."""

    name = "openpatron.circulation"
    label = "circulation"

    def ready(self) -> None:
        """Declare the permissions, what is done at night, and what the desk knows of a patron."""
        from openpatron.patrons.finding import register_hindrances  # noqa: PLC0415  apps first
        from openpatron.patrons.known import register_known  # noqa: PLC0415
        from openpatron.patrons.open_matters import register_check, register_clash  # noqa: PLC0415

        from . import permissions  # noqa: F401, PLC0415  names are declared on import
        from .known import PARTS  # noqa: PLC0415
        from .limits import hindrances  # noqa: PLC0415
        from .nights import register_nights  # noqa: PLC0415
        from .open_at_desk import asked_twice, open_at_desk  # noqa: PLC0415

        register_hindrances(hindrances)
        register_check(open_at_desk)
        register_clash(asked_twice)
        for part in PARTS:
            register_known(part)
        register_nights()
