"""Give patrons of a site who have no barcode the next ones of its pattern; a job with a way back.

The plan says which number each gets; a number that somebody else was given meanwhile is passed
over. An undo retires the numbers: nobody else ever gets them.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import Max, Q
from django.utils.translation import gettext as _

from openpatron.kernel.rows import update_rows
from openpatron.kernel.text import fold
from openpatron.ledger.models import Change, Job, Outcome
from openpatron.ledger.planning import make_job
from openpatron.organizations.models import Organization, Site
from openpatron.patrons import field_words
from openpatron.patrons.association_batches import set_aside
from openpatron.patrons.association_words import counted
from openpatron.patrons.external import BARCODE, delivers
from openpatron.patrons.models import Association, Barcode, Patron, SourceRecord
from openpatron.patrons.rules import next_numbers
from openpatron.patrons.whom import PERMISSION
from openpatron.rostering.mend_jobs import MendJob, params_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openpatron.access.actor import Actor
    from openpatron.patrons.whom import Whom

KIND = "give_barcodes"


def give_barcodes(actor: Actor, whom: Whom, request_key: str | None = None) -> Job:
    """Make the job whose plan is the preview. The same ``request_key`` gives the same job."""
    actor.require(PERMISSION)
    return make_job(actor, KIND, params_of(whom, "barcode"), whom.count, request_key)


class GiveBarcodes(MendJob):
    """The kind of job: which numbers, and how they are given."""

    name: ClassVar[str] = KIND
    field: ClassVar[str] = "barcode"
    icon: ClassVar[str] = "barcode"

    def plan_of(self, job: Job, patrons: list[int]) -> dict[int, tuple[Any, str]]:
        """Return the next numbers after those that the plan gives already."""
        site, key = _site(job), job.params["key"]
        last = Change.objects.filter(job=job, outcome=Outcome.PLANNED).order_by("-pk").first()
        before = None if last is None else site.barcode_pattern.number(last.after[key])
        numbers, owned = _numbers(job, site, before), _owned(site, patrons)
        found = {}
        for patron in patrons:
            number = None if patron in owned else next(numbers, None)
            why = owned.get(patron) or ("" if number else _why_none(site))
            found[patron] = (number, why)
        return found

    def do(self, job: Job, rows: list[Change]) -> dict[int, str]:
        """Give the numbers of the plan, or the next where somebody was faster."""
        site, where, key = _site(job), _where(job), job.params["key"]
        patrons = [row.subject_id for row in rows]
        here = set(
            Association.objects.filter(site=site, patron__in=patrons).values_list(
                "patron", flat=True
            )
        )
        has = set(_current(job, patrons).values_list("patron", flat=True))
        same = {row.pk for row in rows if row.subject_id in has}
        set_aside(job, sorted(same), Outcome.SKIPPED, "unchanged")
        refused = {
            row.pk: "not_here" for row in rows if row.pk not in same and row.subject_id not in here
        }
        todo = [row for row in rows if row.pk not in same and row.pk not in refused]
        wanted = [row.after[key] for row in todo]
        taken = set(
            Barcode.objects.filter(site=where, value__in=wanted).values_list("value", flat=True)
        )
        highest = max((site.barcode_pattern.number(value) or 0 for value in wanted), default=None)
        others = _numbers(job, site, highest)
        cards = []
        for row in todo:
            value = row.after[key] if row.after[key] not in taken else next(others, None)
            if value is None:
                refused[row.pk] = _why_none(site)
                continue
            row.after = {key: value}
            cards.append(
                Barcode(
                    organization_id=job.organization_id, patron_id=row.subject_id, site=where,
                    value=value, number=site.barcode_pattern.number(value),
                )
            )  # fmt: skip
        Barcode.objects.bulk_create(cards)
        given = {row.subject_id: row.after[key] for row in todo if row.pk not in refused}
        texts = Patron.objects.filter(pk__in=given).values_list("pk", "search_text")
        update_rows(
            Patron, ["search_text"], [(f"{text} {fold(given[pk])}", pk) for pk, text in texts]
        )
        return refused

    def take_back(self, job: Job, rows: list[Change]) -> dict[int, str]:
        """Retire the numbers, where they are the patrons' still."""
        key = job.params["key"]
        held = {
            (card.patron_id, card.value): card.pk
            for card in _current(job, [row.subject_id for row in rows])
        }
        own = {row.pk: held.get((row.subject_id, row.after.get(key))) for row in rows}
        gone = [card for card in own.values() if card is not None]
        Barcode.objects.filter(pk__in=gone).update(state=Barcode.State.RETIRED)
        return {pk: "changed_since" for pk, card in own.items() if card is None}

    def label(self, job: Job) -> str:
        """Return what the number is."""
        return _("Barcode at %(site)s") % {"site": job.params["source_name"]}

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        return _("Give barcodes at %s") % str(job.params["source_name"])

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        words = {"who": job.params["called"], "site": job.params["source_name"]}
        return _("Give %(who)s at %(site)s the next barcodes of the site.") % words

    def facts(self, job: Job) -> list[str]:
        """Return what a yes does."""
        words = {"patrons": counted(job.planned_rows), "site": job.params["source_name"]}
        return [_("%(patrons)s get a barcode at %(site)s.") % words]

    def reason(self, job: Job, change: Change) -> str:
        """Return the reason of a change as a sentence."""
        site = str(job.params["source_name"])
        if change.reason == "exhausted":
            return _("All numbers of the range of %s are given. Widen the range.") % site
        if change.reason == "no_pattern":
            return _("%s has no barcode pattern. Set one, and give barcodes again.") % site
        return field_words.reason(change, site, job.params["owners"])


def _site(job: Job) -> Site:
    return Site.objects.get(pk=job.params["source"])


def _where(job: Job) -> Site | None:
    """Return the site of the cards, or None where they hold in the whole organization."""
    wide = job.organization.barcode_scope == Organization.BarcodeScope.ORGANIZATION
    return None if wide else _site(job)


def _current(job: Job, patrons: list[int]) -> Any:
    here = Q(site=job.params["source"]) | Q(site=None)
    return Barcode.objects.filter(here, patron__in=patrons, state=Barcode.State.CURRENT)


def _why_none(site: Site) -> str:
    return "exhausted" if site.barcode_pattern.digits else "no_pattern"


def _owned(site: Site, patrons: list[int]) -> dict[int, str]:
    """Return for whom a source gives the barcodes of the site, with the reason."""
    records = SourceRecord.objects.filter(patron__in=patrons).select_related("source")
    owners = {one.patron_id: one for one in records if BARCODE in one.source.owned}
    ties = Association.objects.filter(site=site, patron__in=owners).select_related("site")
    return {
        tie.patron_id: f"owned:{owners[tie.patron_id].source_id}"
        for tie in ties
        if delivers(owners[tie.patron_id], tie)
    }


def _numbers(job: Job, site: Site, after: int | None) -> Iterator[str]:
    """Yield the next free numbers, after the highest that is given and after that one."""
    pattern, where = site.barcode_pattern, _where(job)
    given = Barcode.objects.filter(site=where, number__range=(pattern.first, pattern.last))
    known = (given.aggregate(highest=Max("number"))["highest"], after)
    numbers = next_numbers(pattern, max((n for n in known if n is not None), default=None))
    while chunk := [value for _n, value in islice(numbers, 1000)]:
        taken = set(
            Barcode.objects.filter(site=where, value__in=chunk).values_list("value", flat=True)
        )
        yield from (value for value in chunk if value not in taken)
