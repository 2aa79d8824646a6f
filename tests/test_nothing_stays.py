"""When a person is erased, no table of the database holds a word of theirs any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from openpatron.access.actor import operator
from openpatron.accounts.models import Account, Registration
from openpatron.circulation.actions.borrow_elsewhere import Wish, borrow_elsewhere, move_borrowing
from openpatron.circulation.actions.charge_fee import charge_fee
from openpatron.circulation.actions.check_in import check_in
from openpatron.circulation.actions.grant_proxy import grant_proxy
from openpatron.circulation.actions.settle_fee import pay_fee, refund_fee, waive_fee
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change, Job
from openpatron.ledger.nightly import run_errands, start_night
from openpatron.notifications.models import Message
from openpatron.organizations.models import Organization, Site
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.block_patron import block_patron
from openpatron.patrons.actions.edit_personal_data import edit_personal_data
from openpatron.patrons.actions.note_patron import Noted, delete_note, edit_note, note_patron
from openpatron.patrons.actions.remove_patron import remove_patron
from openpatron.patrons.external import Opening
from openpatron.patrons.models import LocalCode, Patron, RemovedPatron, StaffRole
from openpatron.patrons.standing import Deed
from openpatron.rostering.models import SentUser

from .desk import lend, make_item
from .feed_scene import person, scene
from .world import World

pytestmark = pytest.mark.postgres

WORD = "quixzor"


def places(word: str) -> Iterator[str]:
    """Yield each column of each table of the database in which the word stands, with its rows."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            columns = connection.introspection.get_table_description(cursor, table)
            for column in columns:
                name, quoted = column.name, connection.ops.quote_name
                cursor.execute(
                    f"SELECT COUNT(*) FROM {quoted(table)} "  # noqa: S608
                    f"WHERE LOWER(CAST({quoted(name)} AS text)) LIKE %s",
                    [f"%{word}%"],
                )
                if found := cursor.fetchone()[0]:
                    yield f"{table}.{name}: {found}"


NAMES = {
    name: f"quixzor-{name}"[:20]
    for name in (
        "first_name",
        "middle_name",
        "preferred_name",
        "suffix",
        "gender",
        "street",
        "city",
    )
}
PERSON = (
    person(1)
    | NAMES
    | {
        "external_id": "quixzor-1",
        "district_id": "quixzor-d",
        "username": "quixzor",
        "email": "quixzor@example.org",
        "last_name": "Quixzor",
        "homeroom": "5Q",
    }
)


def live(world: World) -> Patron:
    """Have somebody come by a feed, and do all that one does in a library."""
    actor = world.operator
    sis = scene(world)
    sis.feed(PERSON)
    patron = Patron.objects.select_related("account").get(account__username="quixzor")
    edit_personal_data(
        actor,
        patron.pk,
        NAMES,
        {
            "additional_email": "quixzor.mother@example.org",
            "second_street": "quixzor lane",
            "second_city": "quixzortown",
        },
        opening=Opening(protects=True),
    )
    sis.feed(PERSON | {"first_name": "Quixzor-first"})
    other = world.patron(last="Parent")
    block_patron(actor, patron.pk, [Deed.RENEW], "quixzor did it")
    note = note_patron(actor, patron.pk, Noted("quixzor owes an answer", is_public=True))
    edit_note(actor, patron.pk, note.pk, Noted("quixzor answered"))
    delete_note(actor, patron.pk, note.pk)
    note_patron(actor, patron.pk, Noted("quixzor again"))
    LocalCode.objects.create(organization=world.cascadia, patron=patron, value="quixzor")
    resource = Site.objects.filter(pk=world.cedar.pk)
    resource.update(shares_resources=True)
    Patron.objects.filter(pk=patron.pk).update(resource_sharing_library=resource.get())
    wish = borrow_elsewhere(
        actor, world.maple, patron.pk, Wish("Momo", note="for quixzor", lender="Fir")
    )
    for state in ("received", "returned"):
        move_borrowing(actor, world.maple, patron.pk, wish.pk, state=state, due=date(2027, 1, 1))
    item = make_item(world)
    lend(world, patron, item)
    check_in(actor, world.maple, item.barcode)
    fee = charge_fee(actor, world.maple, patron.pk, kind="other", amount=Decimal(9), text="quixzor")
    pay_fee(actor, world.maple, patron.pk, fee.pk, amount=Decimal(4))
    waive_fee(actor, world.maple, patron.pk, fee.pk, amount=Decimal(5), reason="quixzor is poor")
    refund_fee(actor, world.maple, patron.pk, fee.pk, amount=Decimal(4), reason="quixzor was right")
    grant_proxy(actor, world.maple, patron.pk, other.account.username)
    SentUser.objects.create(
        organization=world.cascadia,
        patron_id=patron.pk,
        modified_at=timezone.now(),
        values={"givenName": "Quixzor"},
    )
    with open_organization(world.rainier):
        neighbour = operator(world.rainier)
        there = Patron.objects.create(organization=world.rainier, account=patron.account)
        Registration.objects.create(organization=world.rainier, account=patron.account)
        world.tie(there, world.fir)
        edit_personal_data(neighbour, there.pk, {"city": "Quixzorville"}, {})
        block_patron(neighbour, there.pk, [Deed.RENEW], "quixzor did it here as well")
        remove_patron(neighbour, there.pk)
    client = Client()
    client.force_login(patron.account)
    return patron


def pass_by(days: int) -> None:
    """Have all that happened be so long ago, in the opened organization."""
    Account.objects.filter(erase_on__isnull=False).update(erase_on=timezone.localdate())
    then = timezone.now() - timedelta(days=days)
    RemovedPatron.objects.update(removed_at=then)
    Change.objects.update(at=then)
    Job.objects.update(created_at=then)
    Message.objects.update(created_at=then)


def night(organization: Organization) -> None:
    """Do all that is done in a night."""
    for job in start_night(organization):
        done = run(confirm_job(operator(organization), run(job)))
        assert (done.state, done.error) == ("done", "")
    run_errands(organization)


def test_after_the_erasure_no_table_holds_a_word_of_the_person(world: World) -> None:
    patron = live(world)
    assert len(list(places(WORD))) > 20
    remove_patron(world.operator, patron.pk)
    for organization in (world.rainier, world.cascadia):
        with open_organization(organization):
            pass_by(100)
            night(organization)
    assert not Account.objects.filter(pk=patron.account_id).exists()
    assert list(places(WORD)) == []


@pytest.mark.any_engine
def test_whom_an_undone_feed_had_made_is_forgotten(world: World) -> None:
    """Also who asked for a job meanwhile: the job stays, and says nothing of the person."""
    sis = scene(world)
    manager = {"access_level": "District patrons manager", "patron_type": "Faculty"}
    boss = person(2, username="quixzor2", last_name="Quixzor", barcode="M2") | manager
    job = sis.plan(PERSON, boss)
    sis.apply(job)
    account = Account.objects.get(username="quixzor2")
    StaffRole.objects.create(
        organization=world.cascadia, patron=account.patrons.get(), is_organization_wide=True,
        access_level=world.levels["District patrons manager"],
    )  # fmt: skip
    asked = world.plan(world.actor(account))
    StaffRole.objects.all().delete()
    sis.undo(job)
    assert Patron.objects.count() == 0
    account.refresh_from_db()
    assert (account.full_name, account.erased_at is None) == ("", False)
    assert Job.objects.get(pk=asked.pk).created_by == account
    night(world.cascadia)
    assert list(places(WORD)) == []
