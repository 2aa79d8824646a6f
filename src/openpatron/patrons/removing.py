"""Taking patron records away, whole, and bringing them back: for one and for many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from openpatron.accounts.leaving import come_back, leave
from openpatron.accounts.models import Account

from .merging import SOURCE_RECORD
from .models import Patron, RemovedPatron, SourceRecord
from .open_matters import open_matters
from .rights_in_records import RightsAbove
from .whole_record import PATRON, fitted, gone, missing, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from openpatron.access.actor import Actor
    from openpatron.organizations.models import Organization

    from .whole_record import Record


def hindrances(actor: Actor, records: Mapping[int, Record]) -> dict[int, str]:
    """Return why records cannot be removed by the actor, by patron id: own, above, or what is open.

    A fixed number of queries.
    """
    above, matters = RightsAbove(actor), open_matters(records)
    found = {}
    for patron, record in records.items():
        if record[PATRON][0]["account_id"] == actor.account_id:
            found[patron] = "own"
        elif above.holds(record):
            found[patron] = "above"
        elif patron in matters:
            found[patron] = matters[patron][0].code
    return found


def take_away(organization: Organization, records: Mapping[int, Record]) -> None:
    """Remove the records; the numbers of their cards stay taken, without a person."""
    write(records.values(), [gone(record) for record in records.values()])
    accounts = {number: r[PATRON][0]["account_id"] for number, r in records.items()}
    now = timezone.now()
    RemovedPatron.objects.bulk_create(
        RemovedPatron(organization=organization, patron=number, account=account, removed_at=now)
        for number, account in accounts.items()
    )
    leave(organization, accounts.values())


def what_fits(
    actor: Actor, records: Mapping[int, Record]
) -> tuple[dict[int, Record], dict[int, str]]:
    """Return the records that can be brought back, and why the others cannot, by patron id.

    A fixed number of queries.
    """
    accounts = {r[PATRON][0]["account_id"] for r in records.values()}
    kept = set(Account.objects.filter(pk__in=accounts, erased_at=None).values_list("pk", flat=True))
    again = set(Patron.objects.filter(account__in=accounts).values_list("account", flat=True))
    ids = {r[PATRON][0]["district_id"] for r in records.values()} - {""}
    taken = set(Patron.objects.filter(district_id__in=ids).values_list("district_id", flat=True))
    lost, above = missing(records.values()), RightsAbove(actor)
    held = keys_taken(records.values())
    fits, reasons = {}, {}
    for number, record in records.items():
        row, whole = record[PATRON][0], fitted(record, lost)
        if row["account_id"] not in kept:
            reasons[number] = "erased"
        elif row["account_id"] in again:
            reasons[number] = "registered_again"
        elif row["district_id"] in taken:
            reasons[number] = "id_taken"
        elif number in held:
            reasons[number] = "key_taken"
        elif whole is None:
            reasons[number] = "value_gone"
        elif above.holds(whole):
            reasons[number] = "above"
        else:
            fits[number] = whole
    return fits, reasons


def keys_taken(records: Iterable[Record]) -> set[int]:
    """Return the patrons whose key in a source is another record's by now; one query."""
    wanted = {
        (row["source_id"], row["key"]): row
        for record in records
        for row in record.get(SOURCE_RECORD, ())
    }
    if not wanted:
        return set()
    keys = SourceRecord.objects.filter(key__in={key for _source, key in wanted})
    return {
        wanted[source, key]["patron_id"]
        for number, source, key in keys.values_list("pk", "source", "key")
        if (source, key) in wanted and wanted[source, key]["id"] != number
    }


def bring_back(organization: Organization, records: Mapping[int, Record]) -> None:
    """Write removed records again, as they were; their cards work again."""
    write([gone(record) for record in records.values()], records.values())
    RemovedPatron.objects.filter(patron__in=list(records)).delete()
    come_back(organization, {r[PATRON][0]["account_id"] for r in records.values()})
