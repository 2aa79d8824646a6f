"""A reading community that pulls from our own provider, without a socket between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from openpatron.access.actor import Actor
from openpatron.accounts.models import Account
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.organizations.scope import open_organization
from openpatron.reading import client
from openpatron.reading.actions.connect_provider import WantedProvider, connect_provider
from openpatron.reading.actions.pull_roster import pull_roster
from openpatron.reading.client import Answer
from openpatron.reading.models import Group, Person, Pull
from openpatron.rostering.actions.create_target import WantedTarget, create_target
from openpatron.rostering.actions.sync_site import sync_site
from openpatron.rostering.models import SentUser

from .rosters import School, school_of
from .world import World


@dataclass
class Community:
    """Maple's school, delivered, and the community connected with it.

    ``faults``: what is answered instead of the next collections, by their names.
    """

    world: World
    school: School
    secret: str = ""
    faults: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        parts = urlsplit(url)
        name = parts.path.rsplit("/", 1)[-1]
        self.asked.append(f"{method} {parts.path}?{parts.query}")
        if self.faults.get(name):
            return self.faults[name].pop(0)
        answer = Client().generic(
            method, f"{parts.path}?{parts.query}", data=body or b"",
            content_type=headers.get("Content-Type", "application/json"), headers=dict(headers),
        )  # fmt: skip
        named = {k.casefold(): v for k, v in answer.headers.items()}
        return Answer(answer.status_code, named, answer.content)

    def deliver(self) -> None:
        """Let the library side run."""
        run(
            confirm_job(
                self.operator, run(sync_site(self.operator, self.world.maple, at_once=True))
            )
        )

    def pull(self, *, is_full: bool = False) -> Pull:
        return pull_roster(self.operator, is_full=is_full)

    @property
    def operator(self) -> Actor:
        return self.world.operator

    def actor(self, account: Account) -> Actor:
        return self.world.actor(account)

    def person(self, account: Account) -> Person:
        sent = SentUser.objects.get(patron_id=account.patrons.get().pk)
        return Person.objects.get(sourced_id=str(sent.sourced_id))

    @property
    def group(self) -> Group:
        return Group.objects.get(title="5A")


def community_of(world: World, monkeypatch: pytest.MonkeyPatch) -> Community:
    """Make it, with a first pull done."""
    made = Community(world, school_of(world))
    monkeypatch.setattr(client, "send", made.send)
    made.deliver()
    with open_organization(world.cascadia):
        target, made.secret = create_target(
            made.operator, WantedTarget("Community", "oneroster-rest", [world.maple])
        )
        base = f"{settings.OPENPATRON_BASE_URL}/ims/oneroster"
        connect_provider(
            made.operator,
            WantedProvider(
                f"{base}/rostering/v1p2", f"{base}/token", target.client_id, made.secret
            ),
        )
    pull = made.pull()
    assert pull.outcome == Pull.Outcome.DONE, pull.problem
    return made
