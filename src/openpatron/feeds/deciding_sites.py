"""What becomes of a person's associations with further sites: made, changed, ended; no query.

The source owns there what it owns elsewhere, protections hold under "patron_type@alder". A site
that no row of a whole file names any more is left as the source says of absence: at once, or after
so many days; where absence means nothing, the association becomes one of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from openpatron.patrons.external import name_at
from openpatron.patrons.source_models import MISSING

from .matching import TIE, Matching, Ours, tie_fields
from .run_context import Run
from .several_rows import of_site

if TYPE_CHECKING:
    from openpatron.patrons.models import Association, Protection

    from .deciding import Decision

type State = dict[str, str]
"""An association: its fields as text, the card there, and "primary" where it is that."""

ASKS = "?"
"""In place of a card: the next number of the site."""

_FIELDS = TIE[1:]


def decide_sites(run: Run, matching: Matching, decision: Decision) -> tuple[str, str] | None:
    """Fill in what becomes of the further sites; return why it cannot be: (reason, what)."""
    ours, item = decision.ours, decision.item
    record = ours.record if ours else None
    was = dict((record.further if record else None) or {})
    if ours is not None and "site" not in run.owned:
        decision.said = was
        return None
    main = decision.after.get("site") or (ours.fields["site"] if ours else "")
    spoken = record.values.get("site", "") if record else ""
    if spoken and spoken != main and (main in was or spoken in item.gone):
        # The source speaks of another of its sites from now on.
        was[spoken] = of_site(record.values) if record else {}
    was.pop(main, None)
    decision.said = dict(was)
    ties = {tie.site.short_name: tie for tie in ours.ties} if ours else {}
    for site, values in item.further.items():
        if site == main:
            continue
        decision.said[site] = values
        tie = ties.get(site)
        refused = (
            _make(run, matching, decision, site)
            if tie is None
            else _change(run, matching, decision, tie)
        )
        if refused:
            return refused
    for site in item.gone:
        if site in was:
            _leave(run, decision, site, ties.get(site), was[site].get(MISSING, ""))
    return None


def state_of(ours: Ours, tie: Association) -> State:
    """Return an association as it is."""
    found = {name: value for name, value in tie_fields(tie).items() if name != "site"}
    found["barcode"] = ours.cards.get(tie.site_id, "")
    return found | {"primary": "yes"} if tie.is_primary else found


def _make(run: Run, matching: Matching, decision: Decision, site: str) -> tuple[str, str] | None:
    values = decision.item.further[site]
    for name, reason in (("patron_type", "no_type"), ("access_level", "no_level")):
        if not values.get(name):
            return reason, ""
    if refused := run.unknown(values, site):
        return refused
    state = {name: values.get(name, "") for name in _FIELDS}
    decision.sites_before[site], decision.sites_after[site] = None, state
    return _card(run, matching, decision, site, values.get("barcode", ""))


def _change(
    run: Run, matching: Matching, decision: Decision, tie: Association
) -> tuple[str, str] | None:
    """Compare an association with what its row says; what was given by hand becomes theirs."""
    assert decision.ours is not None  # noqa: S101  it has a tie
    site, ours = tie.site.short_name, decision.ours
    values, now = decision.item.further[site], state_of(ours, tie)
    after = {}
    for name in _FIELDS:
        value = values.get(name, "")
        if name not in run.owned or not (value or _clears(run, name)):
            continue
        if not _is_guarded(run, decision, name_at(name, site), equal=value == now[name]):
            after[name] = value
    after = {name: value for name, value in after.items() if value != now[name]}
    if refused := run.unknown(after, site) if after else None:
        return refused
    wanted = values.get("barcode", "") if "barcode" in run.owned and not run.wide else ""
    same = wanted == now["barcode"]
    renumbers = bool(wanted) and not _is_guarded(
        run, decision, name_at("barcode", site), equal=same
    )
    if after or (renumbers and not same):
        decision.sites_before[site], decision.sites_after[site] = now, now | after
    if renumbers and not same:
        return _card(run, matching, decision, site, wanted)
    return None


def _clears(run: Run, name: str) -> bool:
    return name in run.clears and name not in {"patron_type", "access_level"}


def _is_guarded(run: Run, decision: Decision, name: str, *, equal: bool) -> bool:
    """Tell whether a field is protected; what is over is released, what differs is counted."""
    protections = decision.ours.protections if decision.ours else {}
    protection: Protection | None = protections.get(name)
    if protection is None:
        return False
    if is_over(protection, run.today, equal=equal):
        decision.released.append(protection)
        return False
    decision.is_guarded_at_site |= not equal
    return True


def is_over(protection: Protection, today: date, *, equal: bool) -> bool:
    """Tell whether a protection ends: by its day, or, if it so says, by the very value."""
    if protection.until is not None and protection.until < today:
        return True
    return protection.ends_when_equal and equal


def _card(
    run: Run, matching: Matching, decision: Decision, site: str, wanted: str
) -> tuple[str, str] | None:
    """Say which card the person is to have there; the writer gives it, where it is free by then."""
    state = decision.sites_after[site]
    assert state is not None  # noqa: S101  it was just made
    if run.wide:
        # The one of the whole organization is there.
        state["barcode"] = ""
        return None
    place, has = run.sites[site], state.get("barcode", "")
    card = matching.cards.get((place.pk, wanted)) if wanted else None
    mine = decision.ours.patron if decision.ours else None
    if wanted and (card is None or (mine is not None and card.patron_id == mine)):
        state["barcode"] = wanted
    elif wanted and run.setup.barcode_taken == "reject":
        return "barcode_taken", wanted
    elif has or not place.barcode_pattern.digits:
        state["barcode"] = has
    else:
        state["barcode"] = ASKS
    return None


def _leave(run: Run, decision: Decision, site: str, tie: Association | None, since: str) -> None:
    """Say what becomes of an association that no row of a whole file names any more."""
    ours = decision.ours
    if ours is None or tie is None or tie is ours.tie or run.setup.absence == "nothing":
        decision.said.pop(site)
        return
    since = since or run.today.isoformat()
    days = (run.today - date.fromisoformat(since)).days
    guarded = days >= run.setup.absence_days and _is_guarded(
        run, decision, name_at("site", site), equal=False
    )
    if guarded or days < run.setup.absence_days:
        decision.said[site] = decision.said[site] | {MISSING: since}
        return
    decision.said.pop(site)
    decision.sites_before[site], decision.sites_after[site] = state_of(ours, tie), None


def told_sites(
    before: Mapping[str, State | None], after: Mapping[str, State | None]
) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """Return what a change says of further sites to people: before, and after."""
    was: dict[str, str | None] = {}
    now: dict[str, str | None] = {}
    made = sorted(site for site, state in before.items() if state is None)
    ended = sorted(site for site, state in after.items() if state is None)
    if made:
        now["further_sites"] = ", ".join(made)
    if ended:
        now["ended_sites"] = ", ".join(ended)
    for site, state in sorted(after.items()):
        earlier = before[site]
        for name in (*_FIELDS, "barcode") if state and earlier else ():
            if state and earlier and state[name] not in {earlier[name], ASKS}:
                was[f"{name} at {site}"] = earlier[name]
                now[f"{name} at {site}"] = state[name]
    return was, now
