"""What a batch of a feed's run needs to know beside its rows: source, setup, and our own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.utils import timezone

from openpatron.access.actor import Actor
from openpatron.access.models import AccessLevel, ResourceGroup
from openpatron.ledger.models import Job
from openpatron.organizations.models import Organization, PatronType, Site
from openpatron.patrons.models import Source

from .models import Feed
from .queries import required_setup
from .setup import Setup

KIND = "run_feed"
BOOK = "_feed"
"""Where a change keeps what only the run needs; names that begin with "_" are not shown."""


@dataclass(slots=True)
class Item:
    """One person of the file: what stands there, and the change that says what becomes of it."""

    line: int
    key: str
    digest: bytes
    values: dict[str, str] = field(repr=False)
    # What further rows say of the person at other sites: see ``run_sites``.
    further: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)
    # The source's own site where no row names it, and sites that no row of the whole file names.
    silent: str = ""
    gone: list[str] = field(default_factory=list)
    change: int = 0
    # A number that the plan gave in place of a taken or missing one.
    number: str = ""
    # A first password, sealed; only for somebody who is made.
    sealed: str = field(default="", repr=False)

    def book(self) -> dict[str, Any]:
        """Return what the change keeps of it."""
        said = {
            "line": self.line, "key": self.key, "digest": self.digest.hex(), "theirs": self.values,
        }  # fmt: skip
        if self.further:
            said["further"] = self.further
        if self.silent or self.gone:
            said |= {"silent": self.silent, "gone": self.gone}
        return said | {"sealed": self.sealed} if self.sealed else said

    @classmethod
    def of_change(cls, number: int, after: dict[str, Any]) -> Item:
        """Return what a planned change kept."""
        book = after[BOOK]
        return cls(
            line=book["line"],
            key=book["key"],
            digest=bytes.fromhex(book["digest"]),
            values=dict(book["theirs"]),
            further=dict(book.get("further", {})),
            silent=book.get("silent", ""),
            gone=list(book.get("gone", ())),
            change=number,
            number=after.get("barcode", "") if book.get("number") else "",
            sealed=book.get("sealed", ""),
        )


@dataclass
class Run:
    """One run of a feed, read anew for every batch; a fixed number of queries."""

    job: Job
    actor: Actor
    feed: Feed
    source: Source
    setup: Setup
    today: date = field(default_factory=timezone.localdate)

    @classmethod
    def of(cls, job: Job, actor: Actor) -> Run:
        """Return the run of that job."""
        feed = Feed.objects.select_related("source__setup").get(pk=job.params["feed"])
        setup = required_setup(feed.source)
        return cls(job, actor, feed, feed.source, setup)

    @property
    def organization(self) -> Organization:
        """The organization; opened."""
        return self.job.organization

    @property
    def wide(self) -> bool:
        """Whether card numbers are unique in the whole organization."""
        return self.organization.barcode_scope == Organization.BarcodeScope.ORGANIZATION

    @cached_property
    def sites(self) -> dict[str, Site]:
        """Our sites by short name."""
        return {site.short_name: site for site in Site.objects.exclude(kind=Site.Kind.MEDIA)}

    @cached_property
    def types(self) -> dict[str, PatronType]:
        """Our patron types by name."""
        return {one.name: one for one in PatronType.objects.all()}

    @cached_property
    def levels(self) -> dict[str, AccessLevel]:
        """Our access levels by name."""
        return {one.name: one for one in AccessLevel.objects.all()}

    @cached_property
    def groups(self) -> dict[tuple[int, str], ResourceGroup]:
        """Our resource groups by site and name."""
        return {(one.site_id, one.name): one for one in ResourceGroup.objects.all()}

    @cached_property
    def owned(self) -> frozenset[str]:
        """The fields that the source owns."""
        return frozenset(self.source.owned)

    @cached_property
    def clears(self) -> frozenset[str]:
        """The fields in which an empty value empties ours."""
        return frozenset(rule.field for rule in self.setup.rules if rule.empty_clears)

    @cached_property
    def _given(self) -> dict[tuple[str, int], bool]:
        return {}

    def may_give(self, level: str, site: Site) -> bool:
        """Tell whether who runs the feed may give that level there."""
        if (level, site.pk) not in self._given:
            self._given[level, site.pk] = self.actor.may_give(self.levels[level], site)
        return self._given[level, site.pk]

    def unknown(self, values: Mapping[str, str], at: str) -> tuple[str, str] | None:
        """Return which name of an association is none of ours, or may not be given: why, what."""
        if at not in self.sites:
            return "unknown_site", at
        for name, known in (("patron_type", self.types), ("access_level", self.levels)):
            if values.get(name) and values[name] not in known:
                return f"unknown_{'type' if name == 'patron_type' else 'level'}", values[name]
        site, level = self.sites[at], values.get("access_level")
        group = values.get("resource_group")
        if group and (site.pk, group) not in self.groups:
            return "unknown_group", group
        if level and not self.may_give(level, site):
            return "above", level
        return None


def key_of(setup: Setup, values: dict[str, str]) -> str:
    """Return the source's key for a person: its external id, else the first match key given.

    "" where there is none.
    """
    for name in ("external_id", *setup.match):
        if name == "site_barcode":
            if values.get("site") and values.get("barcode"):
                return f"{values['site']}:{values['barcode']}"
        elif values.get(name):
            value = values[name]
            return value.lower() if name in {"username", "email"} else value
    return ""
