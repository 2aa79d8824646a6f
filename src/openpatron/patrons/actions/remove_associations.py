"""End the association of many patrons with one site; the card there is retired.

Whoever has no other association keeps it: a patron belongs to a site. Where it was the primary
one, the oldest other becomes the primary. An undo brings back association, card and primary as
they were, for whom nobody has changed since.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _, ngettext

from openpatron.kernel.sql import Params, execute, statement
from openpatron.ledger.kinds import Head
from openpatron.ledger.planning import make_job
from openpatron.organizations.models import Site
from openpatron.patrons import field_words
from openpatron.patrons.association_words import counted
from openpatron.patrons.external import SITE
from openpatron.patrons.field_jobs import Writing, guarded
from openpatron.patrons.kept_association import KEPT, LOST, kept_id
from openpatron.patrons.levels_above import levels_above
from openpatron.patrons.locked_fields import names_of_sources, owned_fields
from openpatron.patrons.people import TIE
from openpatron.patrons.whom import Whom, WhomJob, again_of, choose, nobody_of, said_of

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Told, Wording
    from openpatron.ledger.models import Change, Job
    from openpatron.patrons.lines import JobLine

KIND = "remove_associations"
PERMISSION = "patrons.manage_district"
_HERE = "openpatron.patrons"

# The oldest other association, and the number at the site (none where the organization has one).
_READ_ALONG = f"""{TIE}
LEFT JOIN patrons_association heir ON heir.id = (
  SELECT MIN(other.id) FROM patrons_association other
  WHERE other.patron_id = patron.id AND other.site_id <> %(source)s
)
LEFT JOIN patrons_barcode card
  ON card.patron_id = patron.id AND card.site_id = %(source)s AND card.state = 'current'"""  # noqa: S608  our own


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, checked: who, and from which site (``whom.at``)."""

    whom: Whom


def ask(actor: Actor, **words: Any) -> Asked:
    """Check the words, which are those of ``whom.choose``; ``at`` is the site in any case."""
    actor.require(PERMISSION)
    return Asked(choose(actor, **words))


def plan_removal(actor: Actor, asked: Asked, request_key: str | None = None) -> Job:
    """Make the job whose plan is the preview. Nothing is planned until a worker runs it.

    The same ``request_key`` gives the same job: a form that is sent twice makes one.
    """
    actor.require(PERMISSION)
    at = asked.whom.at
    params = asked.whom.params | {
        "site": at.short_name if at else None,
        "owners": names_of_sources(),
    }
    return make_job(actor, KIND, params, asked.whom.count, request_key)


class RemoveAssociations(WhomJob):
    """The kind of job: what is removed, and how to speak of it."""

    name: ClassVar[str] = KIND
    applied: ClassVar[str] = "removed"
    icon: ClassVar[str] = "minus"

    def writing(self, job: Job) -> Writing:
        """Return what becomes of the associations."""
        above = levels_above(self.actor(job), Site.objects.get(pk=job.params["source"]))
        primary = "CASE WHEN tie.is_primary THEN CAST(%(site)s AS text) END"
        heir = "(SELECT s.short_name FROM organizations_site s WHERE s.id = heir.site_id)"
        writing = Writing(
            reason="CASE WHEN tie.id IS NULL THEN 'unchanged' "
            f"WHEN {above('tie.resource_group_id', 'tie.access_level_id')} THEN 'above' "
            "WHEN heir.id IS NULL THEN 'only_one' ELSE '' END",
            was="JSON_OBJECT('site', CASE WHEN tie.id IS NOT NULL THEN CAST(%(site)s AS text) END, "
            f"'barcode', card.value, 'primary_site', {primary}, {KEPT})",
            becomes="JSON_OBJECT('site', NULL, 'barcode', NULL, "
            f"'primary_site', CASE WHEN tie.is_primary THEN {heir} END)",
            table="patrons_association",
            whom="",
            values="",
            restored="",
            still="tie.id IS NULL AND card.id IS NULL",
            touches="TRUE",
            lost=LOST,
            blocked=above(kept_id("resource_group"), kept_id("access_level")),
            tie=_READ_ALONG,
        )
        return guarded(writing, [one.condition for one in owned_fields([SITE])])

    def write(self, writing: Writing, params: Params) -> int:  # noqa: ARG002  its own statements
        """Remove the associations, retire the cards, and pass the primary on."""
        here = {"site": "%(source)s", "which": "TRUE"}
        removed = execute(statement(_HERE, "remove_associations", **here), params)
        execute(statement(_HERE, "retire_barcodes", **here), params)
        execute(statement(_HERE, "pass_primary_on"), params)
        return removed

    def restore(self, writing: Writing, params: Params) -> int:  # noqa: ARG002  the same
        """Bring all back."""
        execute(statement(_HERE, "take_primary_back"), params)
        restored = execute(statement(_HERE, "restore_associations"), params)
        execute(statement(_HERE, "revive_barcodes"), params)
        return restored

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        return _("Remove associations with %s") % str(job.params["source_name"])

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        words = {"who": said_of(job), "site": job.params["source_name"]}
        return _("For %(who)s, remove the association with %(site)s.") % words

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        n, gone, site = job.planned_rows, job.applied_rows, job.params["source_name"]
        words = {"site": site, "patrons": counted(n), "gone": counted(gone)}
        facts = [
            _("%(patrons)s lose the association with %(site)s.") % words,
            _("Their barcodes at %(site)s stop working, and are given to nobody else.") % words,
            _("Where it was the primary one, their oldest other association becomes it.") % words,
        ]
        said = field_words.wording(job, nobody=nobody_of(job), facts=facts)
        removal = ngettext("Remove %s association", "Remove %s associations", n) % intcomma(n)
        yes = ngettext("Yes, remove %s association", "Yes, remove %s associations", n)
        return replace(
            said,
            to_do=_("to be removed"),
            done=_("removed"),
            doing=_("Removing associations"),
            title=_("%s?") % removal,
            question=_("%s?") % removal,
            confirm=removal,
            confirm_yes=yes % intcomma(n),
            undo_facts=[
                _("%(gone)s get back the association with %(site)s and the barcode there.") % words,
                _("Patrons whom somebody has changed since are left as they are, and listed."),
            ],
        )

    def heads(self, job: Job) -> tuple[Head, ...]:  # noqa: ARG002  always the same
        """Return site, barcode and primary site."""
        return tuple(
            field_words.head(label) for label in (_("association"), _("barcode"), _("primary site"))
        )

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  always the same
        """Return what is written out."""
        return (*field_words.COLUMNS, "barcode", "primary_site")

    def line(self, job: Job, row: Change, told: Told) -> JobLine:  # noqa: ARG002  the row says it
        """Return one patron's line."""
        keys = {"site": "association", "barcode": "barcode", "primary_site": "primary_site"}
        more = {
            "barcode": row.before.get("barcode"),
            "primary_site": row.after.get("primary_site"),
        }
        return replace(field_words.line(row, told, keys), more=more)

    def reason(self, job: Job, change: Change) -> str:
        """Return the reason of a change as a sentence."""
        site = job.params["source_name"]
        if change.reason == "unchanged":
            return _("Has no association with %(site)s.") % {"site": site}
        if change.reason == "only_one":
            return _("Has no other association, so this one stays. Transfer the patron instead.")
        return field_words.reason(change, site, job.params.get("owners"))

    def again(self, job: Job) -> dict[str, str]:
        """Return the words of the page."""
        return again_of(job)
