"""What is done at night: telling what is due soon and overdue, and forgetting who had what."""

from __future__ import annotations

from openpatron.ledger.kinds import register
from openpatron.ledger.nightly import register_nightly

from .actions.forget_loans import ForgetLoans, forget_loans_tonight
from .actions.remind_due_soon import RemindDueSoon, due_soon_tonight
from .actions.remind_overdue import RemindOverdue, overdue_tonight


def register_nights() -> None:
    """Make the nightly jobs of the desk known."""
    register_nightly(RemindDueSoon.name, due_soon_tonight)
    register_nightly(RemindOverdue.name, overdue_tonight)
    register_nightly(ForgetLoans.name, forget_loans_tonight)
    for kind in (RemindDueSoon, RemindOverdue, ForgetLoans):
        register(kind())
