"""How a delivery to a target may go wrong, and who has to do something then."""

from __future__ import annotations

from datetime import timedelta


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
