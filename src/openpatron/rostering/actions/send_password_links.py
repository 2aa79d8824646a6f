"""Send patrons who cannot sign in a link to set a password, to their own addresses; a job.

Who has no address is named: for them a password is generated on the page of the record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _

from openpatron.ledger.models import Change, Job, Outcome
from openpatron.ledger.planning import make_job
from openpatron.patrons import field_words
from openpatron.patrons.association_batches import set_aside
from openpatron.patrons.association_words import counted
from openpatron.patrons.messages import password_links
from openpatron.patrons.models import Patron
from openpatron.patrons.whom import PERMISSION
from openpatron.rostering.mend_jobs import MendJob, params_of

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.accounts.models import Account
    from openpatron.patrons.whom import Whom

KIND = "send_password_links"
LINK = "link"
"""As ``set_password_link`` writes it in a change."""


def send_password_links(actor: Actor, whom: Whom, request_key: str | None = None) -> Job:
    """Make the job whose plan is the preview. The same ``request_key`` gives the same job."""
    actor.require(PERMISSION)
    return make_job(actor, KIND, params_of(whom, "password"), whom.count, request_key)


class SendPasswordLinks(MendJob):
    """The kind of job: to whom a link goes."""

    name: ClassVar[str] = KIND
    field: ClassVar[str] = "password"
    applied: ClassVar[str] = "sent"
    undoable: ClassVar[bool] = False
    icon: ClassVar[str] = "mail"

    def plan_of(self, job: Job, patrons: list[int]) -> dict[int, tuple[Any, str]]:  # noqa: ARG002  the same in each job
        """Return that each gets a link who has an address."""
        found = Patron.objects.filter(pk__in=patrons).select_related("account").order_by("pk")
        return {one.pk: (LINK, _why_not(one.account)) for one in found}

    def do(self, job: Job, rows: list[Change]) -> dict[int, str]:
        """Post the links."""
        people = Patron.objects.filter(pk__in=[row.subject_id for row in rows])
        accounts = {one.pk: one.account for one in people.select_related("account")}
        same = [
            row.pk
            for row in rows
            if (account := accounts.get(row.subject_id)) and account.has_usable_password()
        ]
        set_aside(job, same, Outcome.SKIPPED, "unchanged")
        refused = {}
        for row in rows:
            one = accounts.get(row.subject_id)
            why = "gone" if one is None else _why_not(one)
            if why and row.pk not in same:
                refused[row.pk] = why
        password_links(
            row.subject_id for row in rows if row.pk not in same and row.pk not in refused
        )
        return refused

    def label(self, job: Job) -> str:  # noqa: ARG002  the same in each job
        """Return what is sent."""
        return _("Password")

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        return _("Send links to set a password at %s") % str(job.params["source_name"])

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        words = {"who": job.params["called"], "site": job.params["source_name"]}
        return _("Send %(who)s at %(site)s a link to set a password.") % words

    def facts(self, job: Job) -> list[str]:
        """Return what a yes does."""
        words = {"patrons": counted(job.planned_rows)}
        return [
            _("A link goes to the own e-mail address of %(patrons)s.") % words,
            _("The condition holds for them when they have set a password."),
        ]

    def reason(self, job: Job, change: Change) -> str:
        """Return the reason of a change as a sentence."""
        if change.reason == "no_address":
            return _("Has no e-mail address. Generate a password on the page of the record.")
        if change.reason == "deactivated":
            return _("The account is deactivated.")
        return field_words.reason(change, job.params["source_name"])


def _why_not(account: Account) -> str:
    if not account.is_active:
        return "deactivated"
    return "" if account.email else "no_address"
