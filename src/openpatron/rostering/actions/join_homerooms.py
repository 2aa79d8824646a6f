"""Put supervisors into the homerooms that they lead; a job with its preview and its way back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext as _

from openpatron.ledger.planning import make_job
from openpatron.patrons import field_words
from openpatron.patrons.association_words import counted
from openpatron.patrons.field_jobs import guarded, of_tie
from openpatron.patrons.fields import TIE_FIELDS
from openpatron.patrons.locked_fields import owned_fields
from openpatron.patrons.people import TIE, named
from openpatron.patrons.whom import PERMISSION, nobody_of, plan_by_number
from openpatron.rostering.homeroom_job import HomeroomJob
from openpatron.rostering.mend_jobs import params_of

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Cursor, Step, Wording
    from openpatron.ledger.models import Change, Job
    from openpatron.patrons.field_jobs import Writing
    from openpatron.patrons.people import People
    from openpatron.patrons.whom import Whom


KIND = "join_homerooms"

# The homeroom that a patron leads at the site; of several the first by name.
_LED = (
    "SELECT led.id FROM patrons_homeroom led WHERE led.supervisor_id = patron.id "
    "AND led.site_id = %(source)s"
)
_FIRST = f"({_LED} ORDER BY led.name, led.id LIMIT 1)"
_NAME = f"(SELECT r.name FROM patrons_homeroom r WHERE r.id = {_FIRST})"  # noqa: S608  our own


def join_homerooms(actor: Actor, whom: Whom, request_key: str | None = None) -> Job:
    """Make the job whose plan is the preview. The same ``request_key`` gives the same job."""
    actor.require(PERMISSION)
    return make_job(actor, KIND, params_of(whom, "homeroom"), whom.count, request_key)


class JoinHomerooms(HomeroomJob):
    """The kind of job: which homeroom each supervisor gets, and how to speak of it."""

    name: ClassVar[str] = KIND
    permission: ClassVar[str] = PERMISSION
    page: ClassVar[str] = "rostering"

    def people(self, job: Job) -> People:  # noqa: ARG002  the job keeps their numbers
        """Return the supervisors."""
        return named()

    def writing(self, job: Job) -> Writing:  # noqa: ARG002  the same for all
        """Return how each gets their own homeroom; who is in one that they lead stays there."""
        base = of_tie(TIE_FIELDS["homeroom"], "FALSE", "FALSE")
        after = "CAST({}.after ->> 'id' AS bigint)"
        writing = replace(
            base,
            reason="CASE WHEN tie.id IS NULL THEN 'not_here' "
            f"WHEN tie.homeroom_id IN ({_LED}) THEN 'leads_several' "
            f"WHEN {_FIRST} IS NULL THEN 'unchanged' ELSE '' END",
            becomes=f"JSON_OBJECT(CAST(%(key)s AS text), {_NAME}, 'id', {_FIRST})",
            values=f"homeroom_id = {after.format('planned')}",
            still=f"tie.homeroom_id IS NOT DISTINCT FROM {after.format('ledger_change')}",
            tie=TIE,
        )
        return guarded(writing, [one.condition for one in owned_fields(["homeroom"])])

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the next supervisors."""
        return plan_by_number(job, cursor, self.plan_batch)

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        return _("Put supervisors into their homerooms at %s") % str(job.params["source_name"])

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        site = str(job.params["source_name"])
        return _("Put each supervisor of a homeroom at %s into that homeroom.") % site

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        facts = [
            _("%(patrons)s come into the homeroom that they lead.")
            % {"patrons": counted(job.planned_rows)}
        ]
        return field_words.wording(job, nobody=nobody_of(job), facts=facts)

    def reason(self, job: Job, change: Change) -> str:
        """Return the reason of a change as a sentence."""
        if change.reason == "leads_several":
            return _(
                "Leads several homerooms and is in one of them: a patron is in one homeroom of a "
                "site. Give the other one another supervisor."
            )
        return field_words.reason(change, job.params["source_name"], job.params["owners"])

    def again(self, job: Job) -> dict[str, str]:  # noqa: ARG002  who fails is found anew
        """Return no words: the page begins anew."""
        return {}
