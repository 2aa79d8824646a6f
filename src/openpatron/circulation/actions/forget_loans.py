"""Forget who had what: closed loans, requests and settled fees lose their patron. A nightly job.

What was written about them by hand (notes, what a fee was for, why it was waived) goes along, and
so does that of patrons who were removed. Messages about items lose their text; the ledger never
names an item.

Of who does not keep history at once when it is over and nothing is owed for it; of who does, after
the organization's months. One line for each kind of thing, with how many there were. Counts of
loans stay, by day, site, patron type and item type (``LoanCount``). It cannot be undone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import DateTimeField, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from openpatron.circulation.borrowing_models import OVER
from openpatron.circulation.counting import count_loans
from openpatron.circulation.models import (
    BorrowingRequest,
    Fee,
    Loan,
    LoanReminder,
    Payment,
    Request,
)
from openpatron.ledger.models import Job
from openpatron.ledger.planning import make_job
from openpatron.notifications.models import Message, State
from openpatron.notifications.wording import ABOUT_ITEMS
from openpatron.patrons.forgetting_job import ForgettingJob
from openpatron.patrons.models import Patron

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_stubs_ext import StrOrPromise

    from openpatron.access.actor import Actor

KIND = "forget_loans"
PERMISSION = "patrons.manage_district"

LENT = "lent"
"""What the ledger calls a kind of thing that is forgotten."""


class Part(IntEnum):
    """What is forgotten, each a line of the job, whose number is the change's subject."""

    LOANS = 1
    REQUESTS = 2
    BORROWED = 3
    FEES = 4
    TEXTS = 5


_PARTS: dict[int, StrOrPromise] = {
    Part.LOANS: gettext_lazy("Loans"),
    Part.REQUESTS: gettext_lazy("Requests"),
    Part.BORROWED: gettext_lazy("Requests from other libraries"),
    Part.FEES: gettext_lazy("Settled fees"),
    Part.TEXTS: gettext_lazy("Texts of messages about items"),
}
# Six of these are no more than half a year.
_MONTH = timedelta(days=30)


def loans_to_forget(actor: Actor) -> dict[int, int]:
    """Return how much there is to forget by now, by part; parts without anything are left out."""
    actor.require(PERMISSION)
    params = _params(actor)
    found = {part: _due(part, params).count() for part in _PARTS}
    return {part: n for part, n in found.items() if n}


def plan_forgetting_loans(actor: Actor, request_key: str | None = None) -> Job:
    """Make the job for what is due."""
    actor.require(PERMISSION)
    return make_job(actor, KIND, _params(actor), len(loans_to_forget(actor)), request_key)


def forget_loans_tonight(actor: Actor) -> Job | None:
    """Make the job of this night, or return None where there is nothing to forget."""
    return plan_forgetting_loans(actor) if loans_to_forget(actor) else None


def _params(actor: Actor) -> dict[str, Any]:
    months = actor.organization.history_months
    before = (timezone.now() - months * _MONTH).isoformat()
    return {"months": months, "before": before, "organization": actor.organization.pk}


def _due(part: int, params: dict[str, Any]) -> QuerySet[Any]:
    before = parse_datetime(params["before"])
    forgets = Q(patron__account__keep_history=False)
    kept = {"patron__isnull": False}
    found: QuerySet[Any]
    match part:
        case Part.LOANS:
            owed = Fee.objects.filter(loan=OuterRef("pk"), owed__gt=0)
            closed = Loan.objects.filter(**kept, closed_at__isnull=False)
            found = closed.filter(forgets | Q(closed_at__lt=before)).exclude(Exists(owed))
        case Part.REQUESTS:
            over_requests = Request.objects.filter(**kept, closed_at__isnull=False)
            found = over_requests.filter(forgets | Q(closed_at__lt=before))
        case Part.BORROWED:
            ended = BorrowingRequest.objects.filter(OVER)
            over = Q(**kept) & (forgets | Q(changed_at__lt=before))
            found = ended.filter(over | Q(patron=None) & ~Q(note=""))
        case Part.TEXTS:
            found = _texts(before, params.get("organization"))
        case Part.FEES:
            last = Payment.objects.filter(fee=OuterRef("pk")).order_by("-at").values("at")[:1]
            settled = Fee.objects.filter(owed=0).annotate(
                settled_at=Coalesce(Subquery(last), "charged_at", output_field=DateTimeField())
            )
            said = Payment.objects.filter(fee=OuterRef("pk")).exclude(reason="")
            over = Q(**kept) & (forgets | Q(settled_at__lt=before))
            # Of who was removed, what was written is left.
            found = settled.filter(over | Q(patron=None) & (~Q(text="") | Exists(said)))
    return found.order_by("pk")


def _texts(before: datetime | None, organization: int | None) -> QuerySet[Message]:
    """Return the messages that were sent about items and whose text is not needed any more.

    That there was a message stays. While something is open that it may be about, so does its text.
    """
    of_patron = {"patron": OuterRef("patron_id")}
    told = OuterRef("created_at")
    open_ones = (
        Loan.objects.filter(**of_patron, closed_at=None, lent_at__lte=told),
        Request.objects.filter(**of_patron, closed_at=None, asked_at__lte=told),
        Fee.objects.filter(**of_patron, owed__gt=0, charged_at__lte=told),
    )
    keeps = Patron.objects.filter(pk=OuterRef("patron_id"), account__keep_history=True)
    sent = Message.objects.filter(
        organization=organization, patron_id__isnull=False, kind__in=ABOUT_ITEMS,
        state=State.SENT,
    ).exclude(body="")  # fmt: skip
    for rows in open_ones:
        sent = sent.exclude(Exists(rows))
    return sent.filter(~Exists(keeps) | Q(created_at__lt=before))


class ForgetLoans(ForgettingJob):
    """The kind of job: what is forgotten, and how it is spoken of."""

    name: ClassVar[str] = KIND
    page: ClassVar[str] = "jobs"
    subject: ClassVar[str] = LENT
    parts: ClassVar[Mapping[int, StrOrPromise]] = _PARTS

    def due(self, job: Job, part: int) -> QuerySet[Any]:
        """Return what of a part is to be forgotten."""
        return _due(part, job.params)

    def forget(self, job: Job, part: int, size: int) -> int:
        """Forget at most so many of a part and return how many there were."""
        return _forget(part, job.params, size)

    def stays(self) -> str:
        """Return what is kept, as a sentence."""
        return _("The counts of loans stay; whose they were goes.")

    def title(self, job: Job) -> str:  # noqa: ARG002  the same for all
        """Return the job's name for lists."""
        return _("Forget who had what")

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        return ngettext(
            "Forget who borrowed and asked for what: at once of those who do not keep history, "
            "after %(months)d month of those who do. Nothing for which something is owed.",
            "Forget who borrowed and asked for what: at once of those who do not keep history, "
            "after %(months)d months of those who do. Nothing for which something is owed.",
            job.params["months"],
        ) % {"months": job.params["months"]}


def _forget(part: int, params: dict[str, Any], size: int) -> int:
    """Take the patron from at most so many of a part; return how many there were."""
    chosen = list(_due(part, params).values_list("pk", flat=True)[:size])
    match part:
        case Part.LOANS:
            # Locked first, so that what is counted is what is forgotten.
            of_loans = Loan.objects.select_for_update().filter(pk__in=chosen, patron__isnull=False)
            chosen = list(of_loans.values_list("pk", flat=True))
            count_loans(chosen)
            LoanReminder.objects.filter(loan__in=chosen).delete()
            Loan.objects.filter(pk__in=chosen).update(patron=None)
        case Part.REQUESTS:
            Request.objects.filter(pk__in=chosen).update(patron=None)
        case Part.BORROWED:
            BorrowingRequest.objects.filter(pk__in=chosen).update(patron=None, note="")
        case Part.TEXTS:
            Message.objects.filter(pk__in=chosen).update(body="", values={})
        case Part.FEES:
            Payment.objects.filter(fee__in=chosen).update(reason="")
            Fee.objects.filter(pk__in=chosen).update(patron=None, text="")
    return len(chosen)
