"""Remove many patron records in one job: who has left, by status, expiry or graduation, or a list.

Each removed record is kept whole in its change, so the job can be undone until the person is
forgotten: when the account is erased, or the organization's waiting time is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _, ngettext

from openpatron.kernel.errors import InputError
from openpatron.ledger.kinds import Step
from openpatron.ledger.models import Change, Job
from openpatron.ledger.planning import make_job
from openpatron.organizations.models import Site
from openpatron.organizations.queries import site_by_short_name
from openpatron.patrons import fields, record_words
from openpatron.patrons.association_words import counted
from openpatron.patrons.listed import Entry, read_list, who_is_meant, write_down
from openpatron.patrons.models import Association, Patron
from openpatron.patrons.promotion import GRADUATED
from openpatron.patrons.record_jobs import RECORDS, RecordJob, planned
from openpatron.patrons.removing import bring_back, hindrances, take_away, what_fits
from openpatron.patrons.whole_record import read

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Cursor, Head, Told, Wording
    from openpatron.patrons.lines import JobLine

KIND = "remove_patrons"
PERMISSION = "patrons.manage_district"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is to be removed: all conditions together, or those on a list."""

    at: Site | None
    status: str
    expired_before: date | None
    graduated: bool
    listed: list[Entry]


def ask(
    actor: Actor,
    *,
    at: str = "",
    status: str = "",
    expired_before: str = "",
    graduated: bool = False,
    listed: str | None = None,
) -> Asked:
    """Check the words, all as typed; ``listed`` is a text of barcodes and district ids.

    At least one of status, expiry, graduation or a list is required. Raises
    ``NotAllowedError``, or ``InputError`` with the parameter's name.
    """
    actor.require(PERMISSION)
    site = site_by_short_name(at, "at") if at else None
    entries = [] if listed is None else read_list(listed, "listed")
    if status:
        fields.status(status)
    before = None
    if expired_before:
        try:
            before = date.fromisoformat(expired_before)
        except ValueError as wrong:
            raise InputError(
                "expired_before",
                _("expired_before: “%s” is no date. Write it like 2026-06-30.")
                % expired_before[:40],
            ) from wrong
    conditions = bool(status or before or graduated)
    if conditions == bool(entries):
        raise InputError(
            "listed" if conditions else "status",
            _(
                "Say who is to be removed: by status, by expiry date, or who has graduated; or "
                "give a list, and nothing of these."
            ),
        )
    return Asked(site, status, before, graduated, entries)


def number_of_selected(actor: Actor, asked: Asked) -> int:
    """Return how many patrons are selected, or how long the list is."""
    actor.require(PERMISSION)
    return len(asked.listed) or _selected(_params(asked)).count()


def plan_removal(actor: Actor, asked: Asked, request_key: str | None = None) -> Job:
    """Make the job; the same ``request_key`` gives the same job."""
    total = number_of_selected(actor, asked)
    return make_job(actor, KIND, _params(asked), total, request_key)


def _params(asked: Asked) -> dict[str, Any]:
    return {
        "at": asked.at.pk if asked.at else None,
        "at_short": asked.at.short_name if asked.at else "",
        "at_name": asked.at.name if asked.at else "",
        "status": asked.status,
        "expired_before": asked.expired_before.isoformat() if asked.expired_before else "",
        "graduated": asked.graduated,
        "listed": [list(entry) for entry in asked.listed],
    }


def _selected(params: dict[str, Any]) -> QuerySet[Patron]:
    """Return the patrons for whom all conditions hold; of a list, everybody."""
    found = Patron.objects.order_by("pk")
    if params["listed"]:
        return found
    if params["at"]:
        here = Association.objects.filter(site=params["at"], patron=OuterRef("pk"))
        found = found.filter(Exists(here))
    if params["status"]:
        found = found.filter(status=params["status"])
    if params["expired_before"]:
        found = found.filter(expires_on__lt=date.fromisoformat(params["expired_before"]))
    if params["graduated"]:
        found = found.filter(grade_level=GRADUATED)
    return found


class RemovePatrons(RecordJob):
    """The kind of job: who goes, how they come back, and what is said of it."""

    name: ClassVar[str] = KIND
    permission: ClassVar[str] = PERMISSION
    applied: ClassVar[str] = "removed"
    icon: ClassVar[str] = "trash"

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the next patrons, of the selection or of the list."""
        size = min(RECORDS, settings.OPENPATRON_JOB_BATCH_ROWS)
        if job.params["listed"]:
            start = cursor.get("place", 0)
            part = job.params["listed"][start : start + size]
            meant = who_is_meant(job, [(line, key) for line, key in part], job.params["at"])
            write_down(job, meant.others)
            self._plan(job, meant.patrons)
            more = start + size < len(job.params["listed"])
            return Step(len(part), {"place": start + size} if more else None)
        chosen = _selected(job.params).filter(pk__gt=cursor.get("after", 0))
        ids = list(chosen.values_list("pk", flat=True)[:size])
        self._plan(job, ids)
        return Step(len(ids), {"after": ids[-1]} if len(ids) == size else None)

    def _plan(self, job: Job, ids: list[int]) -> None:
        records = read(ids)
        hindered = hindrances(self.actor(job), records)
        told = _told(ids)
        Change.objects.bulk_create(
            planned(job, number, told[number], hindered.get(number, ""))
            for number in ids
            if number in records
        )

    def do(self, job: Job, rows: list[Change]) -> dict[int, str]:
        """Remove those who are still selected and not hindered; keep their records."""
        ids = [row.subject_id for row in rows]
        fit = set(_selected(job.params).filter(pk__in=ids).values_list("pk", flat=True))
        records = read(ids)
        hindered = hindrances(self.actor(job), records)
        reasons = {}
        for row in rows:
            if row.subject_id not in records:
                reasons[row.pk] = "gone"
            elif row.subject_id not in fit:
                reasons[row.pk] = "no_longer_selected"
            elif row.subject_id in hindered:
                reasons[row.pk] = hindered[row.subject_id]
        going = [row for row in rows if row.pk not in reasons]
        take_away(job.organization, {r.subject_id: records[r.subject_id] for r in going})
        today = timezone.localdate().isoformat()
        for row in going:
            row.before = row.before | {"_record": records[row.subject_id]}
            row.after = {"removed": today}
        return reasons

    def take_back(self, job: Job, rows: list[Change]) -> dict[int, str]:
        """Bring back whose record is still kept, and fits."""
        kept = {r.subject_id: r.before["_record"] for r in rows if "_record" in r.before}
        fits, reasons = what_fits(self.actor(job), kept)
        bring_back(job.organization, fits)
        return {
            row.pk: reasons.get(row.subject_id, "erased")
            for row in rows
            if row.subject_id not in fits
        }

    def title(self, job: Job) -> str:  # noqa: ARG002  the same for all
        """Return the job's name for lists."""
        return _("Remove patrons")

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        asked = job.params
        if asked["listed"]:
            n = len(asked["listed"])
            return ngettext(
                "Remove the patron on a list of %(n)d.",
                "Remove the patrons on a list of %(n)d.",
                n,
            ) % {"n": n}
        who = [
            _("whose status is %s") % Patron.Status(asked["status"]).label
            if asked["status"]
            else "",
            _("whose expiry date is before %s")
            % date_format(date.fromisoformat(asked["expired_before"]))
            if asked["expired_before"]
            else "",
            _("who have graduated") if asked["graduated"] else "",
        ]
        words = {"who": _(" and ").join(w for w in who if w), "site": asked["at_name"]}
        if asked["at_name"]:
            return _("Remove all patrons at %(site)s %(who)s.") % words
        return _("Remove all patrons %(who)s.") % words

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        days = job.organization.erasure_waiting_days
        facts = [
            _("%(patrons)s lose their record: associations, rights, notes, blocks and local codes.")
            % {"patrons": counted(job.planned_rows)},
            _("Their card numbers stop working, and are never given to somebody else."),
            _("Accounts that are registered nowhere else are erased %d days later.") % days,
            _("You can undo this for %d days, for those who have not been erased by then.") % days,
        ]
        return record_words.removal(job, facts)

    def heads(self, job: Job) -> tuple[Head, ...]:  # noqa: ARG002  the same for all
        """Return the barcode."""
        return (record_words.head(_("Barcode")),)

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  the same for all
        """Return what is written out."""
        return record_words.COLUMNS

    def line(self, job: Job, row: Change, told: Told) -> JobLine:  # noqa: ARG002  the row says it
        """Return one patron's line."""
        return record_words.line(row, told, (str(row.before.get("barcode", "")),))

    def reason(self, job: Job, change: Change) -> str:  # noqa: ARG002  the change says it
        """Return the reason of a change as a sentence."""
        return record_words.reason(change)

    def again(self, job: Job) -> dict[str, str]:
        """Return the words of the page; a list by its job."""
        asked = job.params
        words = {
            "at": asked["at_short"],
            "status": asked["status"],
            "expired_before": asked["expired_before"],
            "graduated": "yes" if asked["graduated"] else "",
            "list_of": str(job.pk) if asked["listed"] else "",
        }
        return {name: word for name, word in words.items() if word}


def _told(ids: list[int]) -> dict[int, dict[str, Any]]:
    """Return what a line tells of each patron when the record is gone; two queries."""
    people = Patron.objects.filter(pk__in=ids).select_related("account")
    found: dict[int, dict[str, Any]] = {p.pk: {"name": p.account.full_name} for p in people}
    cards = Patron.objects.filter(pk__in=ids, barcodes__state="current").order_by("barcodes__pk")
    for number, value in cards.values_list("pk", "barcodes__value"):
        found[number].setdefault("barcode", value)
    return found
