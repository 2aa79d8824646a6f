"""Counts the queries of the home, list and patron pages; prints them as JSON."""

from __future__ import annotations

import json
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openpatron.config.settings")
import django

django.setup()

from django.db import connection, transaction  # noqa: E402  Django's own order
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from benchmarks import dataset  # noqa: E402
from openpatron.access.models import AccessLevel  # noqa: E402
from openpatron.access.registry import permissions  # noqa: E402
from openpatron.accounts.models import Account  # noqa: E402
from openpatron.organizations.scope import find_organization, open_organization  # noqa: E402
from openpatron.patrons.models import Patron, StaffRole  # noqa: E402


def main() -> None:
    """Sign in as somebody with all rights, for as long as it takes, and look."""
    with transaction.atomic(), open_organization(find_organization(dataset.SLUG)) as organization:
        patron = Patron.objects.order_by("pk").first()
        assert patron is not None
        level = AccessLevel.objects.create(
            organization=organization, name="All", permissions=[p.name for p in permissions()]
        )
        StaffRole.objects.create(
            organization=organization, patron=patron, access_level=level, is_organization_wide=True
        )
        client = Client(headers={"host": "localhost"})
        client.force_login(Account.objects.get(pk=patron.account_id))
        counts = {}
        for name, address in (
            ("home", ""),
            ("list", "patrons/"),
            ("search", "patrons/?q=an"),
            ("patron", f"patrons/{patron.pk}/"),
        ):
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(f"/o/{dataset.SLUG}/{address}", follow=True)
            assert answer.status_code == 200, (address, answer.status_code)
            counts[name] = len(queries)
        transaction.set_rollback(True)
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
