"""Patrons as a Django app."""

from django.apps import AppConfig


class PatronsConfig(AppConfig):
    """Registers the app, its permission names and its kinds of jobs."""

    name = "openpatron.patrons"
    label = "patrons"

    def ready(self) -> None:
        """Declare the permissions and the kinds of jobs."""
        from openpatron.ledger.kinds import register  # noqa: PLC0415  apps must be loaded first
        from openpatron.ledger.nightly import register_errand, register_nightly  # noqa: PLC0415

        from . import permissions  # noqa: F401, PLC0415  names are declared on import
        from .actions.add_associations import AddAssociations  # noqa: PLC0415
        from .actions.block_patrons import BlockPatrons  # noqa: PLC0415
        from .actions.erase_accounts import EraseAccounts, erase_tonight  # noqa: PLC0415
        from .actions.expire_patrons import ExpirePatrons, expire_tonight  # noqa: PLC0415
        from .actions.find_duplicates import find_duplicates  # noqa: PLC0415
        from .actions.forget_history import ForgetHistory, forget_tonight  # noqa: PLC0415
        from .actions.link_patrons import LinkPatrons  # noqa: PLC0415
        from .actions.merge_patrons import MergePatrons  # noqa: PLC0415
        from .actions.promote import Promote  # noqa: PLC0415
        from .actions.release_protections import (  # noqa: PLC0415
            ReleaseProtections,
            release_tonight,
        )
        from .actions.remove_associations import RemoveAssociations  # noqa: PLC0415
        from .actions.remove_patrons import RemovePatrons  # noqa: PLC0415
        from .actions.tell_expiry import TellExpiry, tell_tonight  # noqa: PLC0415
        from .actions.transfer import Transfer  # noqa: PLC0415
        from .actions.unblock_patrons import UnblockPatrons  # noqa: PLC0415
        from .actions.unlink_patrons import UnlinkPatrons  # noqa: PLC0415
        from .actions.update_patrons import UpdatePatrons  # noqa: PLC0415
        from .undeliverable import tell_of_undeliverable  # noqa: PLC0415

        register_nightly(ExpirePatrons.name, expire_tonight)
        register_nightly(TellExpiry.name, tell_tonight)
        register_nightly(EraseAccounts.name, erase_tonight)
        register_nightly(ForgetHistory.name, forget_tonight)
        register_nightly(ReleaseProtections.name, release_tonight)
        register_errand("find_duplicates", find_duplicates)
        register_errand("tell_of_undeliverable", tell_of_undeliverable)
        for kind in (
            AddAssociations, BlockPatrons, EraseAccounts, ExpirePatrons, ForgetHistory,
            LinkPatrons, MergePatrons, Promote, ReleaseProtections, RemoveAssociations,
            RemovePatrons, TellExpiry, Transfer, UnblockPatrons, UnlinkPatrons, UpdatePatrons,
        ):  # fmt: skip
            register(kind())
