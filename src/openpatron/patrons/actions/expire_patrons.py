"""Make inactive the active patrons whose expiry date has passed; a job like the others.

An expired patron is refused by every check without it (``standing.py``): the job says so in the
record too. Where a source owns the status, it is the source's to say so: these are left out.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, ClassVar

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from openpatron.ledger.models import Job
from openpatron.ledger.planning import make_job
from openpatron.patrons import field_words
from openpatron.patrons.association_words import counted
from openpatron.patrons.field_jobs import FieldJob, of_record
from openpatron.patrons.fields import RECORD_FIELDS
from openpatron.patrons.models import Patron, Source
from openpatron.patrons.people import everywhere

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Head, Told, Wording
    from openpatron.ledger.models import Change
    from openpatron.patrons.field_jobs import Writing
    from openpatron.patrons.lines import JobLine
    from openpatron.patrons.people import People

KIND = "expire_patrons"
PERMISSION = "patrons.manage_district"


def number_of_expired(actor: Actor) -> int:
    """Return how many active patrons have expired by today."""
    actor.require(PERMISSION)
    today = timezone.localdate()
    expired = Patron.objects.filter(status=Patron.Status.ACTIVE, expires_on__lt=today)
    return expired.exclude(source_record__source__in=_owners()).count()


def _owners() -> list[int]:
    """Return the sources that own the status."""
    return [pk for pk, owned in Source.objects.values_list("pk", "owned") if "status" in owned]


def plan_expiry(actor: Actor, request_key: str | None = None) -> Job:
    """Make the job for who has expired today, in the organization's time zone.

    The same ``request_key`` gives the same job: a form that is sent twice makes one.
    """
    actor.require(PERMISSION)
    params = {"today": timezone.localdate().isoformat()}
    total = number_of_expired(actor)
    return make_job(actor, KIND, params, total, request_key)


def expire_tonight(actor: Actor) -> Job | None:
    """Make the job of this night, or return None where nobody has expired."""
    return plan_expiry(actor) if number_of_expired(actor) else None


class ExpirePatrons(FieldJob):
    """The kind of job: who has expired, and what is said of them."""

    name: ClassVar[str] = KIND
    permission: ClassVar[str] = PERMISSION

    def people(self, job: Job) -> People:  # noqa: ARG002  the same for all
        """Return the active patrons whose last day was before the job's."""
        whose = "patron.status = 'active' AND patron.expires_on < date(%(today)s)"
        owners = ", ".join(map(str, _owners()))
        if owners:
            whose += (
                " AND NOT EXISTS (SELECT 1 FROM patrons_sourcerecord external "  # noqa: S608
                f"WHERE external.patron_id = patron.id AND external.source_id IN ({owners}))"
            )
        return everywhere(whose)

    def writing(self, job: Job) -> Writing:  # noqa: ARG002  the same for all
        """Return that they become inactive."""
        return of_record({"status": "CAST('inactive' AS text)"})

    def title(self, job: Job) -> str:  # noqa: ARG002  the same for all
        """Return the job's name for lists."""
        return _("Make expired patrons inactive")

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        return _("Make inactive every active patron whose expiry date is before %(day)s.") % {
            "day": date_format(date.fromisoformat(job.params["today"]))
        }

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        facts = [_("%(patrons)s become inactive.") % {"patrons": counted(job.planned_rows)}]
        nobody = _("No active patron has expired, so there is nothing to do.")
        return field_words.wording(job, nobody=nobody, facts=facts)

    def heads(self, job: Job) -> tuple[Head, ...]:  # noqa: ARG002  the same for all
        """Return the status."""
        return (field_words.head(RECORD_FIELDS["status"].label),)

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  the same for all
        """Return what is written out."""
        return field_words.COLUMNS

    def line(self, job: Job, row: Change, told: Told) -> JobLine:  # noqa: ARG002  the row says it
        """Return one patron's line."""
        return field_words.line(row, told, {"status": "status"})

    def reason(self, job: Job, change: Change) -> str:  # noqa: ARG002  the change says it
        """Return the reason of a change as a sentence."""
        return field_words.reason(change, "")

    def again(self, job: Job) -> dict[str, str]:  # noqa: ARG002  there is nothing to choose
        """Return no words: the page has none."""
        return {}
