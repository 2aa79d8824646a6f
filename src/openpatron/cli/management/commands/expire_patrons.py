"""``openpatron expire_patrons``: make inactive who has expired; meant for every night."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import CommandParser

from openpatron.access.actor import Actor
from openpatron.cli.job_command import PlanningCommand
from openpatron.ledger.models import Job
from openpatron.patrons.actions.expire_patrons import number_of_expired, plan_expiry


class Command(PlanningCommand):
    """Plan, show, ask, apply, summarise."""

    help = "Make inactive the active patrons whose expiry date has passed."

    def add_words(self, parser: CommandParser) -> None:
        """Add nothing: the date decides."""

    def asked(self, actor: Actor, options: dict[str, Any]) -> Callable[[], Job]:  # noqa: ARG002  none
        """See that it is allowed."""
        number_of_expired(actor)
        return partial(plan_expiry, actor)
