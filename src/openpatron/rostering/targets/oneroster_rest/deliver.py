"""Nothing is sent: what was delivered stands ready in the tables, and is fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpatron.rostering.models import Target

BASE = "/ims/oneroster/rostering/v1p2"
TOKEN = "/ims/oneroster/token"  # noqa: S105  an address
"""Where it is fetched, and where a client gets its token."""


def deliver(target: Target) -> None:
    """Do nothing: platforms that fetch are not told."""
    del target
