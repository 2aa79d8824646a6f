"""The overdue night, or its floor, in a process of its own: ``benchmarks.overdue ours|floor N``.

N open loans, four to a patron; every tenth patron's are overdue. The floor is hand-written SQL
that leaves the very rows that the night leaves: no plan, no second look, no batches.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openpatron.config.settings")
import django

django.setup()

from django.db import connection, models, transaction  # noqa: E402  Django's own order
from django.utils import timezone  # noqa: E402

from benchmarks import dataset  # noqa: E402
from openpatron.access.actor import operator  # noqa: E402
from openpatron.circulation.actions.remind_overdue import plan_overdue  # noqa: E402
from openpatron.circulation.models import Item, Loan, LoanReminder  # noqa: E402
from openpatron.kernel.sql import dialect, execute  # noqa: E402
from openpatron.kernel.statistics import refresh_statistics  # noqa: E402
from openpatron.ledger.actions.confirm_job import confirm_job  # noqa: E402
from openpatron.ledger.engine import run  # noqa: E402
from openpatron.ledger.models import Change, Job, State  # noqa: E402
from openpatron.notifications.models import Message  # noqa: E402
from openpatron.organizations.models import Organization, Site  # noqa: E402
from openpatron.organizations.scope import find_organization, open_organization  # noqa: E402
from openpatron.patrons.models import Patron  # noqa: E402

_EACH, _OVERDUE = 4, 10
_DUE = (
    "loan.organization_id = %(organization)s AND loan.closed_at IS NULL "
    "AND loan.due_on < date(%(today)s)"
)
_FLOOR = (
    f"""
    INSERT INTO ledger_change (organization_id, job_id, subject_kind, subject_id, outcome, reason,
      notable, before, after, actor, way, at)
    SELECT %(organization)s, %(job)s, 'patron', loan.patron_id, 'applied', '', FALSE, JSON_OBJECT(),
      JSON_OBJECT('kind', 'overdue_1', 'step', 2, 'site', MIN(site.name), 'site_id', loan.site_id,
        'loans', COUNT(*)), NULL, 'cli', %(now)s
    FROM circulation_loan loan JOIN organizations_site site ON site.id = loan.site_id
    WHERE {_DUE} GROUP BY loan.patron_id, loan.site_id""",
    f"""
    INSERT INTO notifications_message (organization_id, site_id, account_id, patron_id, kind, way,
      place, "to", subject, body, "values", language, missed_language, state, message_id, parcel,
      attempts, next_try_at, created_at, sent_at, error, lease_token, lease_until)
    SELECT %(organization)s, told.site_id, patron.account_id, patron.id, 'overdue_1', 'email',
      'main', account.email, '', '', JSON_OBJECT('items', AS_JSON(told.items)), 'en', '', 'waiting',
      '<' || RANDOM_HEX() || '@localhost>', '', 0, %(now)s, %(now)s, NULL, '', '', NULL
    FROM (
      SELECT loan.patron_id, loan.site_id, JSON_ROWS(JSON_OBJECT('title', item.title,
        'author', item.author, 'barcode', item.barcode, 'due_on', CAST(loan.due_on AS text)))
        AS items
      FROM circulation_loan loan JOIN circulation_item item ON item.id = loan.item_id
      WHERE {_DUE} GROUP BY loan.patron_id, loan.site_id
    ) told
    JOIN patrons_patron patron ON patron.id = told.patron_id
    JOIN accounts_account account ON account.id = patron.account_id""",
    f"""
    INSERT INTO circulation_loanreminder (organization_id, loan_id, due_on, step, told_by)
    SELECT %(organization)s, loan.id, loan.due_on, 2, change.id FROM circulation_loan loan
    JOIN ledger_change change ON change.organization_id = %(organization)s
      AND change.subject_kind = 'patron' AND change.subject_id = loan.patron_id WHERE {_DUE}""",
)


def main() -> None:
    """Fill, measure, look whether all is there, and print seconds."""
    what, n = sys.argv[1], int(sys.argv[2])
    with open_organization(find_organization(dataset.SLUG)) as organization:
        overdue = _fill(organization, n)
        start, begin = time.perf_counter(), time.process_time()
        (_ours if what == "ours" else _floor)(organization)
        seconds, cpu = time.perf_counter() - start, time.process_time() - begin
        told = Message.objects.count()
        assert (told, LoanReminder.objects.count()) == (overdue // _EACH, overdue)
        assert Change.objects.filter(outcome="applied").count() == told
    print(json.dumps({"seconds": seconds, "cpu": cpu, "messages": told}))


def _ours(organization: Organization) -> None:
    actor = operator(organization)
    job = run(plan_overdue(actor))
    confirm_job(actor, job)
    assert run(job).state == State.DONE


def _floor(organization: Organization) -> None:
    job = Job.objects.create(organization=organization, kind="remind_overdue", way="cli")
    params = {
        "organization": organization.pk,
        "job": job.pk,
        "now": timezone.now(),
        "today": timezone.localdate().isoformat(),
    }
    with transaction.atomic():
        for sql in _FLOOR:
            execute(dialect(sql), params)


def _fill(organization: Organization, n: int) -> int:
    """Make the loans; return how many are overdue."""
    site = Site.objects.get(short_name=dataset.site_name(n))
    patrons = list(Patron.objects.order_by("pk").values_list("pk", flat=True)[: n // _EACH])
    with connection.cursor() as cursor:
        # Everybody can be written to.
        cursor.execute("UPDATE accounts_account SET email = 'p' || id || '@example.org'")
    today = timezone.localdate()
    late, soon = today - timedelta(days=5), today + timedelta(days=14)

    def items() -> Iterator[models.Model]:
        for k in range(1, len(patrons) * _EACH + 1):
            yield Item(
                pk=k, organization=organization, barcode=f"T{k}", title=f"A title {k}",
                home_site=site, site=site,
            )  # fmt: skip

    def loans() -> Iterator[models.Model]:
        for k in range(len(patrons) * _EACH):
            place = k // _EACH
            yield Loan(
                pk=k + 1, organization=organization, item_id=k + 1, patron_id=patrons[place],
                site=site, patron_type="Student", due_on=late if place % _OVERDUE == 0 else soon,
            )  # fmt: skip

    for model, made in ((Item, items()), (Loan, loans())):
        dataset.fill(model, (_values(one) for one in made))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
    refresh_statistics()
    return sum(_EACH for place in range(len(patrons)) if place % _OVERDUE == 0)


def _values(row: models.Model) -> dict[str, Any]:
    return {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}


if __name__ == "__main__":
    main()
