"""Patrons as a Django app."""

from django.apps import AppConfig


class PatronsConfig(AppConfig):
    """Registers the app, its permission names and its kinds of jobs."""

    name = "openpatron.patrons"
    label = "patrons"

    def ready(self) -> None:
        """Declare the permissions and the kinds of jobs."""
        from openpatron.ledger.kinds import register  # noqa: PLC0415  apps must be loaded first

        from . import permissions  # noqa: F401, PLC0415  names are declared on import
        from .actions.add_associations import AddAssociations  # noqa: PLC0415
        from .actions.block_patrons import BlockPatrons  # noqa: PLC0415
        from .actions.expire_patrons import ExpirePatrons  # noqa: PLC0415
        from .actions.promote import Promote  # noqa: PLC0415
        from .actions.remove_associations import RemoveAssociations  # noqa: PLC0415
        from .actions.transfer import Transfer  # noqa: PLC0415
        from .actions.unblock_patrons import UnblockPatrons  # noqa: PLC0415
        from .actions.update_patrons import UpdatePatrons  # noqa: PLC0415

        for kind in (
            AddAssociations,
            BlockPatrons,
            ExpirePatrons,
            Promote,
            RemoveAssociations,
            Transfer,
            UnblockPatrons,
            UpdatePatrons,
        ):
            register(kind())
