"""Rostering as a Django app."""

from django.apps import AppConfig


class RosteringConfig(AppConfig):
    """Registers the app, its permission names and its kinds of jobs."""

    name = "openpatron.rostering"
    label = "rostering"

    def ready(self) -> None:
        """Declare the permissions and the kinds of jobs."""
        from openpatron.ledger.kinds import register  # noqa: PLC0415  apps must be loaded first
        from openpatron.ledger.nightly import register_errand  # noqa: PLC0415

        from . import known, permissions  # noqa: F401, PLC0415  names are declared on import
        from .actions.forget_gone import forget_gone  # noqa: PLC0415
        from .actions.give_barcodes import GiveBarcodes  # noqa: PLC0415
        from .actions.join_homerooms import JoinHomerooms  # noqa: PLC0415
        from .actions.merge_homerooms import MergeHomerooms  # noqa: PLC0415
        from .actions.move_students import MoveStudents  # noqa: PLC0415
        from .actions.send_password_links import SendPasswordLinks  # noqa: PLC0415
        from .actions.sync_site import SyncSite  # noqa: PLC0415

        known.register()
        for kind in (
            GiveBarcodes, JoinHomerooms, MergeHomerooms, MoveStudents, SendPasswordLinks, SyncSite,
        ):  # fmt: skip
            register(kind())
        register_errand("forget_gone", forget_gone)
