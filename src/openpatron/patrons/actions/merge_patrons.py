"""Merge two patron records of one person into one, for one pair or for many; a ledger job.

The record that stays keeps its number and its account. Both records are kept whole in the change,
with what became of them: an undo goes back exactly, as long as nothing of it was changed since.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext

from openpatron.accounts.leaving import come_back, leave
from openpatron.accounts.models import Account, Registration
from openpatron.kernel.errors import InputError
from openpatron.ledger.kinds import Step
from openpatron.ledger.models import Change, Job
from openpatron.ledger.planning import make_job
from openpatron.patrons import record_words
from openpatron.patrons.merging import (
    OF_PERSON,
    OF_RECORD,
    SOURCE_RECORD,
    choices,
    filling,
    merged,
    owned_choices,
)
from openpatron.patrons.models import Patron, RemovedPatron, Source
from openpatron.patrons.open_matters import clashes
from openpatron.patrons.record_jobs import RecordJob, planned
from openpatron.patrons.removing import keys_taken
from openpatron.patrons.rights_in_records import RightsAbove
from openpatron.patrons.search import search_text, sort_name
from openpatron.patrons.whole_record import BARCODE, PATRON, fitted, missing, read, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Cursor, Head, Told, Wording
    from openpatron.patrons.lines import JobLine
    from openpatron.patrons.whole_record import Record

KIND = "merge_patrons"
PERMISSION = "patrons.manage_district"

MOST = 5_000
"""So many pairs one job merges."""

_PERSONAL = tuple(column for columns in OF_PERSON.values() for column in columns)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records: which stays, which goes, and what is taken from the one that goes.

    ``take`` None: what is empty in the one that stays.
    """

    kept: int
    other: int
    take: tuple[str, ...] | None = None


def ask(actor: Actor, pairs: Sequence[Pair]) -> list[Pair]:
    """Check the pairs: patrons of this organization, each in one pair, with choices that exist.

    Raises ``NotAllowedError``, or ``InputError`` for ``pairs`` or ``take``.
    """
    actor.require(PERMISSION)
    if not 0 < len(pairs) <= MOST:
        raise InputError(
            "pairs",
            _("%(found)d pairs were given. Give at least one, and at most %(most)d.")
            % {"found": len(pairs), "most": MOST},
        )
    seen: set[int] = set()
    for pair in pairs:
        for number in (pair.kept, pair.other):
            if number in seen:
                raise InputError(
                    "pairs",
                    _("Patron %d stands here twice. Merge such pairs one after the other.")
                    % number,
                )
            seen.add(number)
    there = set(Patron.objects.filter(pk__in=seen).values_list("pk", flat=True))
    for number in sorted(seen - there):
        raise InputError("pairs", _("There is no patron %d here.") % number)
    for pair in pairs:
        if pair.take:
            _check_choices(pair)
    return list(pairs)


def _check_choices(pair: Pair) -> None:
    records = read([pair.kept, pair.other])
    known = choices(records[pair.kept], records[pair.other])
    for name in pair.take or ():
        if name not in known:
            raise InputError(
                "take",
                _("take: “%(found)s” cannot be chosen. There are: %(known)s.")
                % {"found": name[:60], "known": ", ".join(sorted(known))},
            )
    account = records[pair.kept][PATRON][0]["account_id"]
    if OF_PERSON.keys() & set(pair.take or ()) and elsewhere([account]):
        raise InputError(
            "take",
            _(
                "The personal data of the account that stays cannot be chosen here. Edit them on "
                "the patron's page."
            ),
        )


def elsewhere(accounts: Iterable[int]) -> set[int]:
    """Return which of these accounts are registered in several organizations."""
    found: dict[int, int] = {}
    for account in Registration.objects.filter(account__in=list(accounts)).values_list(
        "account", flat=True
    ):
        found[account] = found.get(account, 0) + 1
    return {account for account, n in found.items() if n > 1}


def plan_merge(actor: Actor, pairs: Sequence[Pair], request_key: str | None = None) -> Job:
    """Make the job of checked pairs; the same ``request_key`` gives the same job."""
    actor.require(PERMISSION)
    listed = [[p.kept, p.other, None if p.take is None else sorted(p.take)] for p in pairs]
    return make_job(actor, KIND, {"pairs": listed}, len(pairs), request_key)


class MergePatrons(RecordJob):
    """The kind of job: what becomes of each pair, the way back, and what is said of it."""

    name: ClassVar[str] = KIND
    permission: ClassVar[str] = PERMISSION
    page: ClassVar[str] = "possible_duplicates"
    applied: ClassVar[str] = "merged"
    icon: ClassVar[str] = "arrows-right-left"

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the next pairs."""
        start = cursor.get("place", 0)
        size = settings.OPENPATRON_JOB_BATCH_ROWS
        pairs = [Pair(k, o, take) for k, o, take in job.params["pairs"][start : start + size]]
        records = read({number for pair in pairs for number in (pair.kept, pair.other)})
        hindered = self._hindered(job, pairs, records)
        names = _names(records)
        Change.objects.bulk_create(
            planned(job, pair.kept, _told(pair, names), hindered.get(pair.kept, ""))
            for pair in pairs
        )
        more = start + size < len(job.params["pairs"])
        return Step(len(pairs), {"place": start + size} if more else None)

    def _hindered(
        self, job: Job, pairs: list[Pair], records: Mapping[int, Record]
    ) -> dict[int, str]:
        """Return why pairs cannot be merged, by the patron who stays; a fixed number of queries."""
        actor = self.actor(job)
        above = RightsAbove(actor)
        kept = [records[p.kept][PATRON][0]["account_id"] for p in pairs if p.kept in records]
        shared, owned = elsewhere(kept), dict(Source.objects.values_list("pk", "owned"))
        found = clashes([(p.kept, p.other) for p in pairs])
        for pair in pairs:
            both = [records.get(pair.kept), records.get(pair.other)]
            if both[0] is None or both[1] is None:
                found[pair.kept] = "gone"
            elif both[1][PATRON][0]["account_id"] == actor.account_id:
                found[pair.kept] = "own"
            elif above.holds(both[0]) or above.holds(both[1]):
                found[pair.kept] = "above"
            elif owned_choices(both[0], owned) & set(pair.take or ()):
                found[pair.kept] = "owned"
            elif (
                OF_PERSON.keys() & set(pair.take or ())
                and both[0][PATRON][0]["account_id"] in shared
            ):
                found[pair.kept] = "shared"
        return found

    def do(self, job: Job, rows: list[Change]) -> dict[int, str]:
        """Merge the pairs that still can be; keep what was, and what became of it."""
        pairs = {row.pk: _pair(row) for row in rows}
        numbers = sorted({n for pair in pairs.values() for n in (pair.kept, pair.other)})
        list(Patron.objects.select_for_update().filter(pk__in=numbers).order_by("pk"))
        records = read(numbers)
        hindered = self._hindered(job, list(pairs.values()), records)
        going = [row for row in rows if row.subject_id not in hindered]
        people = _accounts(records)
        before, after = [], []
        for row in going:
            pair = pairs[row.pk]
            kept, other = records[pair.kept], records[pair.other]
            become = _become(row, pair, kept, other, people)
            before += [kept, other]
            after.append(become)
        write(before, after)
        _write_people([row for row in going if "_person" in row.after])
        now = timezone.now()
        RemovedPatron.objects.bulk_create(
            RemovedPatron(
                organization=job.organization,
                patron=pairs[row.pk].other,
                account=records[pairs[row.pk].other][PATRON][0]["account_id"],
                merged_into=row.subject_id,
                removed_at=now,
            )
            for row in going
        )
        gone = [records[pairs[row.pk].other][PATRON][0]["account_id"] for row in going]
        leave(job.organization, gone)
        return {row.pk: hindered[row.subject_id] for row in rows if row.subject_id in hindered}

    def take_back(self, job: Job, rows: list[Change]) -> dict[int, str]:
        """Make two again of those pairs of which nothing was changed since."""
        kept = [row for row in rows if "_kept" in row.before]
        reasons = {row.pk: "erased" for row in rows if "_kept" not in row.before}
        reasons |= self._in_the_way(job, kept)
        back = [row for row in kept if row.pk not in reasons]
        write(
            [row.after["_record"] for row in back],
            [record for row in back for record in (row.before["_kept"], row.before["_other"])],
        )
        _write_people([row for row in back if "_person" in row.before], back=True)
        RemovedPatron.objects.filter(patron__in=[row.before["_gone"] for row in back]).delete()
        come_back(
            job.organization,
            [row.before["_other"][PATRON][0]["account_id"] for row in back],
        )
        return reasons

    def _in_the_way(self, job: Job, rows: list[Change]) -> dict[int, str]:
        """Return why pairs stay merged, by change; a fixed number of queries."""
        now = read([row.subject_id for row in rows])
        people = _accounts(now)
        others = {row.pk: row.before["_other"][PATRON][0] for row in rows}
        accounts = [row["account_id"] for row in others.values()]
        living = set(
            Account.objects.filter(pk__in=accounts, erased_at=None).values_list("pk", flat=True)
        )
        again = set(Patron.objects.filter(account__in=accounts).values_list("account", flat=True))
        ids = {row["district_id"] for row in others.values()} - {""}
        holders = dict(Patron.objects.filter(district_id__in=ids).values_list("district_id", "pk"))
        both = [record for row in rows for record in (row.before["_kept"], row.before["_other"])]
        lost, above, held = missing(both), RightsAbove(self.actor(job)), keys_taken(both)
        reasons = {}
        for row in rows:
            other = others[row.pk]
            if _changed_since(row, now, people):
                reasons[row.pk] = "changed_since"
            elif other["account_id"] not in living:
                reasons[row.pk] = "erased"
            elif other["account_id"] in again:
                reasons[row.pk] = "registered_again"
            elif holders.get(other["district_id"], row.subject_id) != row.subject_id:
                reasons[row.pk] = "id_taken"
            elif held & {row.subject_id, other["id"]}:
                reasons[row.pk] = "key_taken"
            elif any(fitted(row.before[name], lost) is None for name in ("_kept", "_other")):
                reasons[row.pk] = "value_gone"
            elif any(above.holds(row.before[name]) for name in ("_kept", "_other")):
                reasons[row.pk] = "above"
            else:
                for name in ("_kept", "_other"):
                    row.before[name] = fitted(row.before[name], lost)
        return reasons

    def title(self, job: Job) -> str:  # noqa: ARG002  the same for all
        """Return the job's name for lists."""
        return _("Merge patrons")

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        n = len(job.params["pairs"])
        said = ngettext("Merge %d pair of patron records.", "Merge %d pairs of patron records.", n)
        return said % n

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        return record_words.merging(job)

    def heads(self, job: Job) -> tuple[Head, ...]:  # noqa: ARG002  the same for all
        """Return who is merged into the patron."""
        return (record_words.head(_("Merged record")),)

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  the same for all
        """Return what is written out."""
        return record_words.COLUMNS

    def line(self, job: Job, row: Change, told: Told) -> JobLine:  # noqa: ARG002  the row says it
        """Return one pair's line."""
        return record_words.line(row, told, (str(row.before.get("other", "")),))

    def reason(self, job: Job, change: Change) -> str:  # noqa: ARG002  the change says it
        """Return the reason of a change as a sentence."""
        return record_words.reason(change)

    def again(self, job: Job) -> dict[str, str]:  # noqa: ARG002  the list is found anew
        """Return no words."""
        return {}


def _pair(row: Change) -> Pair:
    take = row.before["_take"]
    return Pair(row.subject_id, row.before["_gone"], None if take is None else tuple(take))


def _accounts(records: Mapping[int, Record]) -> dict[int, Account]:
    return Account.objects.in_bulk([r[PATRON][0]["account_id"] for r in records.values()])


def _names(records: Mapping[int, Record]) -> dict[int, str]:
    people = _accounts(records)
    accounts = {number: people[r[PATRON][0]["account_id"]] for number, r in records.items()}
    return {number: f"{one.list_name} ({one.username})" for number, one in accounts.items()}


def _told(pair: Pair, names: Mapping[int, str]) -> dict[str, Any]:
    """Return what a planned change tells of its pair."""
    return {
        "name": names.get(pair.kept, ""),
        "other": names.get(pair.other, ""),
        "_gone": pair.other,
        "_take": None if pair.take is None else list(pair.take),
    }


def _become(
    row: Change, pair: Pair, kept: Record, other: Record, people: Mapping[int, Account]
) -> Record:
    """Return what the pair becomes, and write down in the row what was and what is."""
    one = people[kept[PATRON][0]["account_id"]]
    two = people[other[PATRON][0]["account_id"]]
    take = set(pair.take or ())
    if pair.take is None:
        owned = dict(Source.objects.values_list("pk", "owned")) if SOURCE_RECORD in kept else {}
        take = filling(kept[PATRON][0], other[PATRON][0]) - owned_choices(kept, owned)
    become = merged(kept, other, take)
    personal = [column for name in OF_PERSON if name in take for column in OF_PERSON[name]]
    was, now = _values(one, personal), _values(two, personal)
    for column in personal:
        setattr(one, column, getattr(two, column))
    patron = become[PATRON][0]
    cards = [card["value"] for card in become.get(BARCODE, ())]
    patron["search_text"] = search_text(one, patron["district_id"], cards)
    patron["sort_name"] = sort_name(one)
    shown = [name for name in OF_RECORD if name in take and len(OF_RECORD[name]) == 1]
    row.before |= {"_kept": kept, "_other": other}
    row.before |= {name: kept[PATRON][0].get(name) for name in shown}
    row.after = {"merged": row.before["other"], "_record": become}
    row.after |= {name: patron.get(name) for name in shown}
    if personal:
        row.before["_person"], row.after["_person"] = was, now
    return become


def _values(account: Account, columns: Iterable[str]) -> dict[str, Any]:
    found = {column: getattr(account, column) for column in columns}
    return {
        column: value.isoformat() if hasattr(value, "isoformat") else value
        for column, value in found.items()
    }


def _changed_since(row: Change, now: Mapping[int, Record], people: Mapping[int, Account]) -> bool:
    found, left = now.get(row.subject_id), row.after["_record"]
    if found is None or _in_order(found) != _in_order(left):
        return True
    person: dict[str, Any] = row.after.get("_person", {})
    return _values(people[found[PATRON][0]["account_id"]], person) != person


def _in_order(record: Record) -> dict[str, list[Any]]:
    return {label: sorted(rows, key=lambda r: r["id"]) for label, rows in record.items() if rows}


def _write_people(rows: list[Change], *, back: bool = False) -> None:
    """Write the personal data that were taken, or what they were, to the accounts that stay."""
    values = {
        row.before["_kept"][PATRON][0]["account_id"]: (row.before if back else row.after)["_person"]
        for row in rows
    }
    people = Account.objects.in_bulk(list(values))
    for number, account in people.items():
        for column, value in values[number].items():
            setattr(account, column, value)
    Account.objects.bulk_update(people.values(), _PERSONAL, batch_size=100)
