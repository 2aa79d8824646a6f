"""What becomes of one person of a feed: one rule for the plan and for the apply, no query."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from openpatron.kernel.text import made_storable
from openpatron.ledger.models import Outcome
from openpatron.patrons.models import Patron, Protection

from .deciding_sites import State, decide_sites, is_over
from .matching import ACCOUNT, RECORD, TIE, Matching, Ours, tie_fields, wanted_value
from .run_context import Item, Run
from .several_rows import keep_present_site

UNIQUE = ("username", "email", "district_id", "external_id", "barcode")

# Reasons of rows that are to be applied.
CREATED, NUMBERED = "", "numbered"
UPDATED, UPDATED_PROTECTED, PROTECTED = "updated", "updated_protected", "protected"
REACTIVATED, WITHDRAWN, MISSING, RECEIVED = "reactivated", "withdrawn", "missing", "received"
WAITS = "waits"
"""Something that the row claims is held by another patron, whose own row may give it up."""

LINK, ALIKE = LOOKALIKES = "link", "alike"
"""Reasons of rows that may be an internal patron: of one with the same id, of a namesake."""

SEEN = ("birth_date", "district_id", "username", "site", "grade_level")
"""What is kept of such a row, beside the name, for whom it takes to decide."""

REFUSED = {
    "username": "taken", "email": "taken", "district_id": "id_taken", "external_id": "key_taken",
    "barcode": "barcode_taken",
}  # fmt: skip
"""Why a row cannot be done whose unique value somebody else has."""

_GONE_BY = timedelta(days=1)
_OF_NEW = frozenset({*ACCOUNT, *RECORD, *TIE, "barcode"})
_NEVER_CLEARED = frozenset({"username", "last_name", *TIE[:3]})


@dataclass(slots=True)
class Decision:
    """What becomes of an item; ``before`` and ``after`` hold the fields that differ, as text."""

    item: Item
    ours: Ours | None = None
    outcome: Outcome = Outcome.PLANNED
    reason: str = CREATED
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    # What stands in the way, for the sentence.
    detail: str = ""
    # By unique field: the patron who holds the value now.
    waits: dict[str, int] = field(default_factory=dict)
    released: list[Protection] = field(default_factory=list)
    # Associations with further sites that are made, changed or ended, by short name; None: none.
    sites_before: dict[str, State | None] = field(default_factory=dict)
    sites_after: dict[str, State | None] = field(default_factory=dict)
    # What the record is to keep of further sites, and whether a protection holds at one.
    said: dict[str, dict[str, str]] = field(default_factory=dict)
    is_guarded_at_site: bool = False
    # Whether it is refused because of the account of somebody who is not registered here.
    is_of_stranger: bool = False
    needs_number: bool = False
    # The patron who may be the same person, or holds the value.
    about: int | None = None

    @property
    def is_new(self) -> bool:
        """Whether a record is made."""
        return self.ours is None

    @property
    def is_nothing(self) -> bool:
        """Whether nothing at all has to be written, not even that the row came."""
        record = self.ours.record if self.ours else None
        return (
            record is not None
            and self.outcome == Outcome.PLANNED
            and not self.after
            and not self.released
            and not self.sites_after
            and self.said == (record.further or {})
            and record.missing_since is None
            and bytes(record.digest) == self.item.digest
            and record.values == kept(self.item.values)
        )

    def refuse(self, reason: str, detail: str = "", about: int | None = None) -> Decision:
        """Say that it cannot be done."""
        # What a file holds may be nothing that can be kept.
        self.outcome, self.reason = Outcome.CONFLICT, reason
        self.detail = made_storable(detail)
        self.about = about
        self.waits, self.needs_number = {}, False
        self.sites_before, self.sites_after = {}, {}
        return self


def kept(values: dict[str, str]) -> dict[str, str]:
    """Return what is kept of the values received."""
    return {name: value for name, value in values.items() if value}


def decide(run: Run, matching: Matching, item: Item) -> Decision:
    """Return what becomes of the item."""
    decision = Decision(item)
    if not item.key:
        return decision.refuse("no_key")
    ours = matching.match(item)
    if ours is None:
        return _with_sites(run, matching, _new(run, matching, decision))
    decision.ours = ours
    if ours.record is None:
        return decision.refuse(LINK, about=ours.patron)
    if ours.record.source_id != run.source.pk:
        return decision.refuse("other_source", about=ours.patron)
    if run.setup.mode == "import":
        decision.outcome, decision.reason = Outcome.SKIPPED, "exists"
        return decision
    if item.further or ours.record.further:
        keep_present_site(item, ours)
    return _with_sites(run, matching, _known(run, matching, decision, ours))


def _with_sites(run: Run, matching: Matching, decision: Decision) -> Decision:
    """Say what becomes of the associations with further sites; refuse what cannot be."""
    record = decision.ours.record if decision.ours else None
    has_some = decision.item.further or (record is not None and record.further)
    if not has_some or decision.outcome != Outcome.PLANNED:
        return decision
    refused = decide_sites(run, matching, decision)
    if refused:
        return decision.refuse(*refused)
    changes = bool(decision.sites_after or decision.released)
    if decision.reason in {UPDATED, UPDATED_PROTECTED} or changes:
        kept = decision.is_guarded_at_site or decision.reason in {PROTECTED, UPDATED_PROTECTED}
        if decision.reason in {UPDATED, UPDATED_PROTECTED, PROTECTED, RECEIVED}:
            decision.reason = UPDATED_PROTECTED if kept else UPDATED
    elif decision.reason == RECEIVED and decision.is_guarded_at_site:
        decision.reason = PROTECTED
    return decision


def _new(run: Run, matching: Matching, decision: Decision) -> Decision:
    values = {n: v for n, v in kept(decision.item.values).items() if n != "role"}
    refused = _refusal_of_new(run, values)
    if refused:
        return decision.refuse(*refused)
    namesake = matching.namesake(decision.item)
    if namesake is not None:
        return decision.refuse(ALIKE, about=namesake)
    values["username"] = wanted_value(run, decision.item, "username")
    values.setdefault("status", Patron.Status.ACTIVE.value)
    decision.after = {n: v for n, v in values.items() if n in _OF_NEW}
    for name in ("username", "email", "district_id"):
        if values.get(name) and not _claim(matching, decision, name, values[name]):
            return decision
    _claim_card(run, matching, decision, values["site"], values.get("barcode", ""))
    return decision


def _refusal_of_new(run: Run, values: dict[str, str]) -> tuple[str, str] | None:
    """Return why nobody can be made of these values: (reason, what was found)."""
    if not values.get("last_name"):
        return "no_name", ""
    for name, reason in (
        ("site", "no_site"),
        ("patron_type", "no_type"),
        ("access_level", "no_level"),
    ):
        if not values.get(name):
            return reason, ""
    return run.unknown(values, values["site"])


def _known(run: Run, matching: Matching, decision: Decision, ours: Ours) -> Decision:
    values = decision.item.values
    now = _aimed_at(run, ours, values)
    guarded = _compare(run, decision, ours, now)
    back = _comes_back(run, ours, decision)
    ties = {name: value for name, value in decision.after.items() if name in TIE}
    refused = run.unknown(ties, decision.after.get("site") or now["site"]) if ties else None
    if refused:
        return decision.refuse(*refused)
    for name in ("username", "email", "district_id"):
        value = decision.after.get(name)
        if value and not _claim(matching, decision, name, value):
            return decision
    if ours.record is not None and ours.record.key != decision.item.key:
        holder = matching.by_key.get(decision.item.key)
        if holder is not None and holder != ours.patron:
            decision.waits["external_id"] = holder
    _card_of_known(run, matching, decision, now)
    if decision.outcome == Outcome.PLANNED:
        decision.reason = _reason(decision, guarded, back=back)
    return decision


def _compare(run: Run, decision: Decision, ours: Ours, now: dict[str, str]) -> list[str]:
    """Fill in what differs and may be overwritten; return the fields that are left alone."""
    guarded = []
    for name, value in _wanted(run, ours, decision.item.values).items():
        same = now.get(name, "") == value
        protection = ours.protections.get(name)
        if protection is not None:
            if not is_over(protection, run.today, equal=same):
                if not same:
                    guarded.append(name)
                continue
            decision.released.append(protection)
        if not same:
            decision.before[name], decision.after[name] = now.get(name, ""), value
    return guarded


def _aimed_at(run: Run, ours: Ours, values: dict[str, str]) -> dict[str, str]:
    """Return our fields, those of the association as they are where the row aims."""
    site = values.get("site", "")
    if site and "site" in run.owned and site != ours.fields["site"]:
        there = next((tie for tie in ours.ties if tie.site.short_name == site), None)
        if there is not None:
            # Somebody gave the association by hand already: it becomes the source's.
            place = None if run.wide else there.site_id
            ours.tie = there
            ours.fields |= tie_fields(there) | {"barcode": ours.cards.get(place, "")}
    return ours.fields


def _wanted(run: Run, ours: Ours, values: dict[str, str]) -> dict[str, str]:
    """Return what the source wants of the fields that it owns."""
    found = {}
    for name, value in values.items():
        if name not in run.owned or name not in ours.fields or name == "barcode":
            continue
        if value or (name in run.clears and name not in _NEVER_CLEARED):
            found[name] = value
    return found


def _comes_back(run: Run, ours: Ours, decision: Decision) -> bool:
    """Take back what absence did, and tell whether there was something."""
    record, now = ours.record, ours.fields
    if record is None or record.missing_since is None:
        return False
    since = (run.today - record.missing_since).days
    if since < run.setup.absence_days:
        return False
    if run.setup.absence == "inactive" and now["status"] == Patron.Status.INACTIVE:
        name, value = "status", decision.item.values.get("status") or Patron.Status.ACTIVE.value
    elif run.setup.absence == "expire" and now["expires_on"] and now["expires_on"] < str(run.today):
        name, value = "expires_on", decision.item.values.get("expires_on", "")
    else:
        return False
    if name not in ours.protections and now[name] != value:
        decision.before[name], decision.after[name] = now[name], value
    return name in decision.after


def _card_of_known(run: Run, matching: Matching, decision: Decision, now: dict[str, str]) -> None:
    """Say which card the patron gets: the one that the source sends, or one at a new site."""
    ours, values = decision.ours, decision.item.values
    assert ours is not None  # noqa: S101  asked before
    site = decision.after.get("site") or now["site"]
    if site not in run.sites or decision.outcome != Outcome.PLANNED:
        return
    wanted = values.get("barcode", "") if "barcode" in run.owned else ""
    if wanted and wanted != now["barcode"]:
        if "barcode" in ours.protections:
            return
        place = matching.place(site)
        if decision.item.number and ours.cards.get(place) == decision.item.number:
            return
        _claim_card(run, matching, decision, site, wanted)
        if "barcode" in decision.after:
            decision.before["barcode"] = now["barcode"]
    elif "site" in decision.after and not run.wide and not ours.cards.get(matching.place(site)):
        _claim_card(run, matching, decision, site, wanted or now["barcode"])
        decision.before["barcode"] = now["barcode"]


def _claim_card(run: Run, matching: Matching, decision: Decision, site: str, value: str) -> None:
    """Have the patron get that number, or the next one where it is taken or there is none."""
    place, item = matching.place(site), decision.item
    card = matching.cards.get((place, item.number or value))
    is_free = card is None or (decision.ours is not None and card.patron_id == decision.ours.patron)
    if item.number:
        # The plan gave that one instead.
        if is_free:
            decision.after["barcode"], decision.reason = item.number, NUMBERED
        else:
            let_go_of_card(run, decision)
    elif not value:
        let_go_of_card(run, decision)
    elif is_free:
        decision.after["barcode"] = value
    elif card is not None and card.patron_id is not None and card.state == card.State.CURRENT:
        decision.after["barcode"] = value
        decision.waits["barcode"] = card.patron_id
    else:
        decision.after["barcode"] = value
        let_go_of_card(run, decision)


def let_go_of_card(run: Run, decision: Decision) -> None:
    """Have the next number taken, or the row refused: who holds the claimed one keeps it."""
    value = decision.after.pop("barcode", "")
    decision.waits.pop("barcode", None)
    ours = decision.ours
    if value and run.setup.barcode_taken == "reject":
        decision.refuse("barcode_taken", value)
    elif ours is not None and ours.fields["barcode"] and "site" not in decision.after:
        # Who has a card already keeps that one.
        decision.before.pop("barcode", None)
    else:
        site = decision.after.get("site") or (ours.fields["site"] if ours else "")
        if run.sites[site].barcode_pattern.digits:
            decision.needs_number, decision.reason = True, NUMBERED
        elif value:
            decision.refuse("barcode_taken", value)


def _claim(matching: Matching, decision: Decision, name: str, value: str) -> bool:
    """See who has a unique value; False where it cannot be had."""
    own = decision.ours
    if name == "district_id":
        holder = matching.by_district_id.get(value)
        if holder is None or (own is not None and holder == own.patron):
            return True
        return _waits_for(matching, decision, name, holder)
    held = (matching.usernames if name == "username" else matching.emails).get(value.lower())
    if held is None or (own is not None and held.account == own.account):
        return True
    if held.patron is None:
        decision.is_of_stranger = True
        decision.refuse(REFUSED[name], value)
        return False
    return _waits_for(matching, decision, name, held.patron)


def _waits_for(matching: Matching, decision: Decision, name: str, holder: int) -> bool:
    """Have a claim wait for its holder; an internal one may be the very person."""
    if decision.is_new and holder in matching.internal:
        decision.refuse(LINK, about=holder)
        return False
    decision.waits[name] = holder
    return True


def _reason(decision: Decision, guarded: list[str], *, back: bool) -> str:
    if back:
        return REACTIVATED
    if decision.after or decision.released or decision.needs_number:
        return UPDATED_PROTECTED if guarded else UPDATED
    return PROTECTED if guarded else RECEIVED


def gone_missing(run: Run, ours: Ours) -> Decision:
    """Return what becomes of a record that a full feed does not hold any more."""
    record = ours.record
    assert record is not None  # noqa: S101  it is what was looked for
    item = Item(0, record.key, bytes(record.digest), dict(record.values))
    decision = Decision(item, ours, reason=MISSING, said=dict(record.further or {}))
    since = record.missing_since or run.today
    if (run.today - since).days < run.setup.absence_days:
        return decision
    name = "status" if run.setup.absence == "inactive" else "expires_on"
    value = Patron.Status.INACTIVE.value
    if name == "expires_on":
        value = (run.today - _GONE_BY).isoformat()
    now = ours.fields[name]
    is_so = now == value if name == "status" else bool(now) and now <= value
    if not is_so and name not in ours.protections:
        decision.before[name], decision.after[name] = now, value
        decision.reason = WITHDRAWN
    return decision
