"""Release protections: by hand one or a few, many in a job, and each night those that have ended.

The source's values come back with its next feed. Whoever released it, the ledger says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import transaction
from django.utils.translation import gettext as _, ngettext

from openpatron.kernel.errors import InputError, NotFoundError
from openpatron.ledger.kinds import Step
from openpatron.ledger.models import Change, Job
from openpatron.ledger.planning import make_job
from openpatron.patrons import field_words, record_words
from openpatron.patrons.actions.link_to_source import source_by_code
from openpatron.patrons.external import LOCKABLE, OPEN, require_open, split_name
from openpatron.patrons.models import Patron, Protection, Source
from openpatron.patrons.protecting import look_again, release
from openpatron.patrons.protections import ProtectionFilter, ended, protections
from openpatron.patrons.queries import patron as patron_of
from openpatron.patrons.record_jobs import RECORDS, RecordJob, planned

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Cursor, Head, Told, Wording
    from openpatron.patrons.lines import JobLine

KIND = "release_protections"

MOST = 500
"""So many are released by hand at once; more in a job."""


@transaction.atomic
def release_protections(actor: Actor, numbers: Collection[int]) -> int:
    """Release these and return how many there were, with one change for each patron.

    Raises ``NotFoundError`` for one that is not here (any more), ``NotAllowedError``, or
    ``InputError`` for too many; nothing is released then.
    """
    actor.require_anywhere(OPEN)
    if not 0 < len(set(numbers)) <= MOST:
        raise InputError(
            "numbers",
            _("%(found)d protections were chosen. Choose at least one, and at most %(most)d.")
            % {"found": len(set(numbers)), "most": MOST},
        )
    fitting = {number for number in numbers if 0 < number < 2**63}
    found = {row.pk: row for row in protections(actor, ProtectionFilter()).filter(pk__in=fitting)}
    for number in numbers:
        if number not in found:
            raise NotFoundError(_("There is no protection %d here (any more).") % number)
    for patron in sorted({row.patron_id for row in found.values()}):
        require_open(actor, patron_of(actor, patron))
    return release(actor, found.values())


@dataclass(frozen=True, slots=True)
class Asked:
    """Which protections are meant, checked; all of them where nothing is said."""

    source: Source | None
    narrowed: ProtectionFilter
    count: int


def ask(actor: Actor, narrowed: ProtectionFilter) -> Asked:
    """Check what the list is narrowed by: all together, or nothing for all protections.

    Raises ``NotAllowedError``, or ``InputError`` with the parameter's name.
    """
    actor.require(OPEN)
    owner = which(narrowed.source, narrowed.field)
    return Asked(owner, narrowed, protections(actor, narrowed).count())


def which(source: str, field: str) -> Source | None:
    """Return the source, None for all, once source and field are some; raise ``InputError``."""
    owner = source_by_code(source, "source") if source else None
    if field and field not in LOCKABLE:
        raise InputError(
            "field",
            _("There is no field “%(found)s” that can be protected. There are: %(known)s.")
            % {"found": field[:60], "known": ", ".join(LOCKABLE)},
        )
    return owner


def plan_release(actor: Actor, asked: Asked, request_key: str | None = None) -> Job:
    """Make the job; the same ``request_key`` gives the same job."""
    actor.require(OPEN)
    params = {
        "owner": asked.source.pk if asked.source else None,
        "owner_name": asked.source.name if asked.source else "",
    } | asdict(asked.narrowed)
    return make_job(actor, KIND, params, asked.count, request_key)


def release_tonight(actor: Actor) -> Job | None:
    """Make the job for the protections whose last day has passed, or return None."""
    actor.require(OPEN)
    number = Protection.objects.filter(ended()).count()
    params = {"owner": None, "owner_name": "", "field": "", "over": True}
    return make_job(actor, KIND, params, number, None) if number else None


class ReleaseProtections(RecordJob):
    """The kind of job: which protections go, and how they come back."""

    name: ClassVar[str] = KIND
    permission: ClassVar[str] = OPEN
    page: ClassVar[str] = "protections"
    applied: ClassVar[str] = "released"
    icon: ClassVar[str] = "lock-open"

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the next protections, by their numbers."""
        known = {name.name for name in fields(ProtectionFilter)}
        words = {name: value for name, value in job.params.items() if name in known}
        # The source by its code, which may have changed: by its number instead.
        narrowed = ProtectionFilter(**words | {"source": ""})
        found = protections(self.actor(job), narrowed)
        if job.params["owner"]:
            found = found.filter(patron__source_record__source=job.params["owner"])
        rows = list(found.filter(pk__gt=cursor.get("after", 0)).order_by("pk")[:RECORDS])
        Change.objects.bulk_create(planned(job, row.patron_id, _kept(row)) for row in rows)
        return Step(len(rows), {"after": rows[-1].pk} if len(rows) == RECORDS else None)

    def do(self, job: Job, rows: list[Change]) -> dict[int, str]:  # noqa: ARG002  the rows say it
        """Release those that are still there."""
        numbers = {row.pk: row.before["_number"] for row in rows}
        there = Protection.objects.filter(pk__in=numbers.values())
        living = set(there.values_list("pk", flat=True))
        there.delete()
        look_again({row.subject_id for row in rows})
        for row in rows:
            row.after = {"protected": None}
        return {change: "released" for change, number in numbers.items() if number not in living}

    def take_back(self, job: Job, rows: list[Change]) -> dict[int, str]:
        """Protect again what nobody has protected since, of those who are still here."""
        patrons = {row.subject_id for row in rows}
        living = set(Patron.objects.filter(pk__in=patrons).values_list("pk", flat=True))
        held = set(Protection.objects.filter(patron__in=patrons).values_list("patron", "field"))
        reasons = {}
        back = []
        for row in rows:
            if row.subject_id not in living:
                reasons[row.pk] = "gone"
            elif (row.subject_id, row.before["protected"]) in held:
                reasons[row.pk] = "changed_since"
            else:
                back.append(_restored(job, row))
        Protection.objects.bulk_create(back)
        return reasons

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        return _("Release ended protections") if job.params["over"] else _("Release protections")

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        asked = job.params
        if asked["over"]:
            return _("Release every protection whose last day has passed.")
        words = {"field": _field(asked["field"]), "source": asked["owner_name"]}
        if asked.get("text") or asked.get("patron") or asked.get("differs"):
            return _("Release the protections found by %s.") % _said(asked)
        if asked["field"] and asked["owner_name"]:
            return _("Release the protections of the field %(field)s from “%(source)s”.") % words
        if asked["field"]:
            return _("Release the protections of the field %(field)s.") % words
        if asked["owner_name"]:
            return _("Release all protections from “%(source)s”.") % words
        return _("Release all protections.")

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        n = job.planned_rows
        sure = ngettext("Release %s protection", "Release %s protections", n) % intcomma(n)
        facts = [_("The source's values come back with its next feed.")]
        nobody = _("Nothing of this is protected, so there is nothing to do.")
        said = field_words.wording(job, nobody=nobody, facts=facts, doing=_("Releasing"))
        return replace(
            said,
            to_do=_("to be released"),
            done=_("released"),
            title=_("%s?") % sure,
            question=_("%s?") % sure,
            confirm=sure,
            confirm_yes=ngettext("Yes, release %s protection", "Yes, release %s protections", n)
            % intcomma(n),
            undo_facts=[_("The fields are protected again, with the values they have by then.")],
        )

    def heads(self, job: Job) -> tuple[Head, ...]:  # noqa: ARG002  the same for all
        """Return the field."""
        return (record_words.head(_("Field")),)

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  the same for all
        """Return what is written out; ``detail`` is the field."""
        return record_words.COLUMNS

    def line(self, job: Job, row: Change, told: Told) -> JobLine:  # noqa: ARG002  the row says it
        """Return one protection's line."""
        return record_words.line(row, told, (_field(str(row.before.get("protected", ""))),))

    def reason(self, job: Job, change: Change) -> str:  # noqa: ARG002  the change says it
        """Return the reason of a change as a sentence."""
        if change.reason == "released":
            return _("Was released already.")
        return record_words.reason(change)

    def again(self, job: Job) -> dict[str, str]:
        """Return the words of the page."""
        asked = job.params
        found = {
            "field": asked["field"], "q": asked.get("text"), "patron": asked.get("patron"),
            "differs": "yes" if asked.get("differs") else "",
        }  # fmt: skip
        return {name: str(value) for name, value in found.items() if value}


def _said(asked: Mapping[str, Any]) -> str:
    """Return by what the list was narrowed, in words."""
    found = [
        (_("Source"), asked["owner_name"]),
        (_("Field"), _field(asked["field"])),
        (_("Search"), asked["text"]),
        (_("Patron"), asked["patron"]),
    ]
    said = [f"{label}: {value}" for label, value in found if value]
    return ", ".join([*said, _("only what differs")] if asked["differs"] else said)


def _kept(row: Protection) -> dict[str, Any]:
    """Return what an undo needs."""
    return {
        "protected": row.field,
        "_number": row.pk,
        "_by": row.protected_by,
        "_at": row.protected_at.isoformat(),
        "_until": None if row.until is None else row.until.isoformat(),
        "_ends_when_equal": row.ends_when_equal,
    }


def _restored(job: Job, row: Change) -> Protection:
    kept = row.before
    return Protection(
        organization_id=job.organization_id,
        patron_id=row.subject_id,
        field=kept["protected"],
        protected_by=kept["_by"],
        protected_at=datetime.fromisoformat(kept["_at"]),
        until=None if kept["_until"] is None else date.fromisoformat(kept["_until"]),
        ends_when_equal=kept["_ends_when_equal"],
    )


def _field(name: str) -> str:
    """Return the words for a field: they are those of the forms."""
    field, place = split_name(name)
    title = _(field.replace("_", " ").capitalize()) if field else ""
    return _("%(field)s at %(site)s") % {"field": title, "site": place} if place else title
