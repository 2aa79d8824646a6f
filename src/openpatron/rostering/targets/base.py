"""What every kind of target brings, and how a delivery can fail.

Each kind is a folder here with ``kind.py`` (its ``KIND``), ``deliver.py`` and a README.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from datetime import datetime

    from openpatron.access.actor import Actor
    from openpatron.rostering.actions.create_target import WantedTarget
    from openpatron.rostering.models import Target


class DeliveryError(Exception):
    """A delivery that did not arrive; the sentence is for staff, and names no secret."""


class RetryError(DeliveryError):
    """Nobody has to do anything: it is tried again, after ``wait`` if the target said so."""

    def __init__(self, message: str, wait: timedelta | None = None) -> None:
        """Keep how long to wait."""
        super().__init__(message)
        self.wait = wait


class ReconfigureError(DeliveryError):
    """Somebody has to change the settings here, or there."""


class GiveUpError(DeliveryError):
    """The target does not want this any more."""


class TargetKind(ABC):
    """One way in which an outside platform receives accounts and homerooms, or news of them."""

    # A value of ``Target.Kind``.
    name: ClassVar[str]
    # Whether its client fetches from here by itself.
    fetches: ClassVar[bool] = False
    # Whether it gets a package of files, in one of the versions of the standard.
    writes_package: ClassVar[bool] = False
    # Whether its secret is that of a server over there, and typed here.
    has_server: ClassVar[bool] = False

    @abstractmethod
    def address(self, actor: Actor, target: Target, text: str) -> str:
        """Return the address as it is kept; raises ``InputError`` naming the field.

        ``target`` holds the earlier one.
        """

    def take(self, target: Target, wanted: WantedTarget, *, is_same: bool) -> None:
        """Take what this kind needs beside the address, which is the same as before, or not."""
        del target, wanted, is_same

    @abstractmethod
    def keep_secret(self, target: Target, secret: str) -> bool:
        """Keep a new secret that was made here; False where this kind has none of ours."""

    @abstractmethod
    def deliver(self, target: Target) -> None:
        """Deliver that, or what, is new. Raises ``DeliveryError``."""

    def arrived_at(self, target: Target) -> datetime | None:
        """Return until when the platform has what was delivered here."""
        return target.told_at
