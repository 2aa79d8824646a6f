"""Whose record a run leaves alone: who holds more than the one who runs it, here or elsewhere.

What may not be written by hand is not written by a file either: else who runs a feed could take
over the sign-in of somebody above, by another address, username or key at an identity provider.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from openpatron.access.registry import known_names
from openpatron.accounts.lookup import record_lookups
from openpatron.accounts.models import Registration
from openpatron.ledger.models import Change, Outcome
from openpatron.organizations.models import Organization, Site
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actors import accounts_with_rights
from openpatron.patrons.staff_roles import patrons_above, ties_are_above

from .deciding import PROTECTED, UPDATED, UPDATED_PROTECTED, Decision
from .matching import Ours
from .run_context import Run
from .run_sites import sites_of

ABOVE = "person_above"
_SIGN_IN = ("username", "email")


def respect_rights(run: Run, decisions: Iterable[Decision]) -> None:
    """Refuse what is above the one who runs the feed; keep the sign-in of staff elsewhere.

    Two queries for all of them, and a few more where a sign-in would change.
    """
    aimed = [one for one in decisions if one.outcome == Outcome.PLANNED and _changes(one)]
    actor = run.actor
    if aimed and not actor.may_grant(known_names(), None):
        above = set(patrons_above(actor))
        for one in aimed:
            assert one.ours is not None  # noqa: S101  of a new one nothing changes
            if one.ours.patron in above or ties_are_above(actor, one.ours.ties):
                one.refuse(ABOVE)
    asked = [one for one in aimed if one.outcome == Outcome.PLANNED and _signs_in_anew(one)]
    staff = _staff_elsewhere(run.organization, [one.ours.account for one in asked if one.ours])
    for one in asked:
        if one.ours is not None and one.ours.account in staff:
            _keep_sign_in(one)


def record_strangers(run: Run, decisions: Iterable[Decision]) -> None:
    """Count as look-ups whose username or address is somebody's who is not registered here.

    Raises ``StateError`` for too many, so that a file is no way to ask who has an account.
    """
    number = sum(1 for one in decisions if one.is_of_stranger)
    if number:
        record_lookups(run.actor, run.job.pk, number)


def above_to_undo(run: Run, rows: Iterable[Change], ours: Mapping[int, Ours]) -> dict[int, str]:
    """Return which changes stay, by their numbers: of who is above, or giving a level that is."""
    if run.actor.may_grant(known_names(), None):
        return {}
    above, found = set(patrons_above(run.actor)), {}
    for row in rows:
        known = ours.get(row.subject_id)
        if known is None:
            continue
        site = run.sites.get(row.before.get("site") or known.fields["site"])
        level = row.before.get("access_level", "")
        is_above = known.patron in above or ties_are_above(run.actor, known.ties)
        states = sites_of(row)[0].items()
        if (
            is_above
            or _not_to_give(run, level, site)
            or any(
                state is not None and _not_to_give(run, state["access_level"], run.sites.get(short))
                for short, state in states
            )
        ):
            found[row.pk] = ABOVE
    return found


def _not_to_give(run: Run, level: str, site: Site | None) -> bool:
    return site is not None and level in run.levels and not run.may_give(level, site)


def _changes(one: Decision) -> bool:
    changes = one.after or one.sites_after
    return one.ours is not None and (bool(changes) or _has_other_key(one))


def _has_other_key(one: Decision) -> bool:
    record = one.ours.record if one.ours else None
    return record is not None and record.key != one.item.key


def _signs_in_anew(one: Decision) -> bool:
    return bool(one.after.keys() & set(_SIGN_IN)) or _has_other_key(one)


def _keep_sign_in(one: Decision) -> None:
    if _has_other_key(one):
        one.refuse(ABOVE)
        return
    for name in _SIGN_IN:
        for values in (one.before, one.after, one.waits):
            values.pop(name, None)
    if one.reason == UPDATED:
        one.reason = UPDATED_PROTECTED if one.after or one.released else PROTECTED


def _staff_elsewhere(here: Organization, accounts: list[int]) -> set[int]:
    """Return who of them holds rights in another organization."""
    others: dict[Organization, list[int]] = defaultdict(list)
    registered = Registration.objects.filter(account__in=accounts).exclude(organization=here)
    for one in registered.select_related("organization") if accounts else ():
        others[one.organization].append(one.account_id)
    found: set[int] = set()
    for organization, ids in others.items():
        with open_organization(organization):
            found |= accounts_with_rights(ids)
    return found
