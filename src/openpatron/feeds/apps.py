"""Sources and feeds as a Django app."""

from django.apps import AppConfig


class FeedsConfig(AppConfig):
    """Registers the app and its permission names."""

    name = "openpatron.feeds"
    label = "feeds"

    def ready(self) -> None:
        """Declare the permissions and the kind of job."""
        from openpatron.ledger.kinds import register  # noqa: PLC0415  apps must be loaded first
        from openpatron.ledger.nightly import register_errand, register_look  # noqa: PLC0415

        from . import permissions  # noqa: F401, PLC0415  names are declared on import
        from .actions.forget_feed_files import forget_feed_files  # noqa: PLC0415
        from .actions.forget_feed_people import forget_feed_people  # noqa: PLC0415
        from .actions.run_feed import RunFeed  # noqa: PLC0415
        from .actions.settle_lookalikes import SettleLookalikes  # noqa: PLC0415
        from .clock import tick  # noqa: PLC0415

        register(RunFeed())
        register(SettleLookalikes())
        register_look("feeds", tick)
        register_errand("forget_feed_files", forget_feed_files)
        register_errand("forget_feed_people", forget_feed_people)
