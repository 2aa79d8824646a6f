"""Pull from the provider: all or what changed since, applied as a whole or not at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import StateError
from openpatron.kernel.sealed import BrokenSealError, unseal
from openpatron.reading.apply import Applying
from openpatron.reading.client import Heard, Provider, ProviderError
from openpatron.reading.models import Community, Person, Pull
from openpatron.reading.permissions import MANAGE
from openpatron.reading.roster import Roster, fetch
from openpatron.reading.seats import community

if TYPE_CHECKING:
    from django.db.models import QuerySet

# Who was not heard of for so long was broken off: every page renews it, and what was pulled has
# to be written in this time.
_LEASE = timedelta(minutes=5)
_RENEWED = timedelta(seconds=20)
# After so long everything is pulled again, whatever "changed since" said.
_FULL_AFTER = timedelta(days=7)
# Clocks differ, and a change may be committed after a later one: asked for again.
_OVERLAP = timedelta(minutes=5)
_AGAIN = timedelta(minutes=10)
_SOONEST, _LATEST = timedelta(minutes=1), timedelta(days=1)
# The provider's own sync takes a while.
_AFTER_ASKING = timedelta(minutes=2)


class _Turn:
    """The right to pull: one at a time, until ``until``, and renewed with every page."""

    def __init__(self, held: Community, heard: Heard | None) -> None:
        self._held, self._heard = held, heard
        self.until = timezone.now() + _LEASE

    def take(self) -> None:
        """Take it, or raise ``StateError`` where somebody pulls."""
        now = timezone.now()
        # A time further ahead than any lease is a clock that was set back.
        free = Q(pulling_until=None) | Q(pulling_until__lt=now) | Q(pulling_until__gt=self.until)
        rows = Community.objects.filter(free, pk=self._held.pk)
        if not rows.update(pulling_until=self.until):
            raise StateError(_("A sync is at work already. Its result will stand in the history."))

    def heard(self, name: str, count: int, total: int | None) -> None:
        """Keep it, now that a page came. Raises ``ProviderError`` where it is somebody else's."""
        if self._heard is not None:
            self._heard(name, count, total)
        until = timezone.now() + _LEASE
        if abs(until - self.until) >= _RENEWED:
            if not self.mine().update(pulling_until=until):
                raise ProviderError(_("It took too long; another sync has begun."))
            self.until = until

    def mine(self) -> QuerySet[Community]:
        """Return the community, as long as it is our turn."""
        return Community.objects.filter(pk=self._held.pk, pulling_until=self.until)


def pull_roster(
    actor: Actor,
    *,
    is_full: bool = False,
    may_empty: bool = False,
    asks: bool = False,
    heard: Heard | None = None,
) -> Pull:
    """Pull once and return the line of the history; it says what went wrong, if anything.

    ``may_empty``: nobody being delivered at all is meant. ``asks``: have the provider synchronize
    its sites first. ``heard`` is told of each page. Raises ``NotAllowedError``, and ``StateError``
    where nothing is connected or a pull is at work already.
    """
    actor.require(MANAGE)
    held = community(actor)
    if held is None:
        raise StateError(_("The reading community is connected with no provider yet."))
    turn, now = _Turn(held, heard), timezone.now()
    turn.take()
    Pull.objects.filter(outcome=Pull.Outcome.RUNNING).update(
        outcome=Pull.Outcome.FAILED, ended_at=now, problem=_("It was broken off.")
    )
    full_at, until = held.full_at, held.changed_until
    # A time in the future is a clock that was set back.
    whole = is_full or until is None or full_at is None
    whole = whole or full_at > now or full_at + _FULL_AFTER <= now  # type: ignore[operator]
    pull = Pull.objects.create(organization=actor.organization, started_at=now, is_full=whole)
    since = None if whole or until is None else until - _OVERLAP
    try:
        _pull(held, pull, since, turn, may_empty=may_empty, asks=asks or held.asked_at is not None)
    except ProviderError as problem:
        _failed(pull, turn, str(problem), problem.wait)
    except Exception:
        _failed(pull, turn, _("Something went wrong here. The operator can see it."), None)
        raise
    pull.refresh_from_db()
    return pull


def _pull(
    held: Community, pull: Pull, since: datetime | None, turn: _Turn, *,
    may_empty: bool, asks: bool,
) -> None:  # fmt: skip
    provider = provider_of(held, turn.heard)
    standing = provider.standing(asks=asks)
    roster = fetch(provider, since)
    with transaction.atomic():
        _require_people(roster, since, may_empty=may_empty)
        applying = Applying(held.organization_id, roster, is_full=since is None)
        applying.run()
        now = timezone.now()
        pause = _AFTER_ASKING if asks else timedelta(hours=held.interval)
        # Whoever took our place meanwhile (we took too long) does it; nothing of ours stays.
        if not turn.mine().update(
            pulling_until=None, due_at=now + pause, asked_at=None,
            changed_until=_changed_until(roster, since, pull.started_at),
            full_at=now if since is None else F("full_at"),
        ):  # fmt: skip
            raise ProviderError(_("It took too long; another sync has begun."))
        Pull.objects.filter(pk=pull.pk).update(
            outcome=Pull.Outcome.DONE, ended_at=now, counts=dict(applying.counts),
            left_out=_left_out(standing),
        )  # fmt: skip


def _changed_until(roster: Roster, since: datetime | None, begun: datetime) -> datetime | None:
    """Return from when on the next pull asks what changed.

    The provider's clock may have stood in the future for a while: what it changed since it was
    set right lies before that, so nothing after our own beginning counts.
    """
    latest = max(filter(None, (roster.until, since and since + _OVERLAP)), default=None)
    return None if latest is None else min(latest, begun)


def _require_people(roster: Roster, since: datetime | None, *, may_empty: bool) -> None:
    """Raise where a full pull would put everybody out of the community."""
    if since is not None or may_empty or any(one.is_active for one in roster.people):
        return
    if Person.objects.filter(is_active=True).exists():
        raise ProviderError(
            _("The provider delivers nobody at all, so everybody would be put out. Nothing was "
              "changed. If this is meant: openpatron reading_sync --all-gone.")
        )  # fmt: skip


def _failed(pull: Pull, turn: _Turn, sentence: str, wait: timedelta | None) -> None:
    now = timezone.now()
    pause = min(max(wait or _AGAIN, _SOONEST), _LATEST)
    turn.mine().update(pulling_until=None, due_at=now + pause)
    Pull.objects.filter(pk=pull.pk).update(
        outcome=Pull.Outcome.FAILED, ended_at=now, problem=sentence[:400]
    )


def provider_of(held: Community, heard: Heard | None = None) -> Provider:
    """Return the provider, ready to be asked. Raises ``ProviderError``."""
    try:
        secret = unseal(held.sealed_secret)
    except BrokenSealError as error:
        raise ProviderError(
            _("The secret of the client cannot be read any more. Set it again.")
        ) from error
    return Provider(held.base_url, held.token_url, held.client_id, secret, heard)


def _left_out(standing: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Return what the provider's sites leave out: school, sentence, number; strangers' text cut."""
    found = []
    for site in standing or ():
        said = site.get("leftOut")
        for one in said if isinstance(said, list) else ():
            count = one.get("count") if isinstance(one, dict) else None
            if isinstance(count, int):
                words = {"school": site.get("name"), "text": one.get("text")}
                found.append({k: str(v)[:200] for k, v in words.items()} | {"count": count})
        if site.get("problem"):
            words = {"school": site.get("name"), "text": site["problem"]}
            found.append({k: str(v)[:200] for k, v in words.items()} | {"count": 0})
    return found[:500]


def pull_if_due(actor: Actor) -> Pull | None:
    """Pull where it is time to; for the clock."""
    actor.require(MANAGE)
    held, now = community(actor), timezone.now()
    if held is None or held.due_at is None:
        return None
    # A time far in the future is a clock that was set back.
    if now < held.due_at <= now + timedelta(hours=held.interval) + _LATEST:
        return None
    try:
        return pull_roster(actor)
    except StateError:
        return None
