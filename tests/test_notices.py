"""What the desk tells: words, languages, grouping; which are sent; own words; letters."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from openpatron.accounts.models import Account
from openpatron.circulation.models import Fee, Item, Loan, Payment, Request
from openpatron.circulation.notices import (
    fee_receipt,
    ready_for_pickup,
    recalled,
    request_cancelled,
    request_placed,
)
from openpatron.notifications.letters import address_lines
from openpatron.notifications.models import Kind, Message, State, Way
from openpatron.notifications.sender import send_waiting
from openpatron.notifications.texts import text_of
from openpatron.notifications.wording import EDITABLE, SHIPPED, checked, shipped
from openpatron.organizations.models import Site
from openpatron.patrons.models import Patron

from .mail_server import Inbox
from .world import World

pytestmark = pytest.mark.postgres


def item(world: World, number: int, **more: Any) -> Item:
    values = {"home_site": world.maple, "site": world.maple, "title": f"Title {number}"} | more
    return Item.objects.create(organization=world.cascadia, barcode=f"T{number}", **values)


def request(world: World, patron: Patron, number: int) -> Request:
    return Request.objects.create(
        organization=world.cascadia,
        item=item(world, number),
        patron=patron,
        pickup_site=world.cedar,
        ready_until=date(2027, 3, 1),
    )


def loan(world: World, patron: Patron, number: int, **more: Any) -> Loan:
    values = {"due_on": date(2027, 3, 1), "site": world.maple} | more
    return Loan.objects.create(
        organization=world.cascadia,
        item=item(world, number),
        patron=patron,
        patron_type="Student",
        **values,
    )


def send_now() -> None:
    """Send also what waits for more of its kind."""
    Message.objects.filter(state=State.WAITING).update(next_try_at=timezone.now())
    send_waiting()


def test_every_kind_has_words_in_every_language_that_pass_their_own_check() -> None:
    for language in SHIPPED:
        for kind in EDITABLE:
            words = shipped(kind, language)
            assert checked(kind, words) == words, (language, kind)


def test_what_is_ready_comes_in_one_message_in_the_patrons_language(
    world: World, mail: Inbox
) -> None:
    Site.objects.filter(pk=world.maple.pk).update(email="maple@example.org")
    world.maple.refresh_from_db()
    patron = world.patron(email="ada@example.org", language="de-CH", first="Ada", last="Lovelace")
    for number in (1, 2):
        placed = request(world, patron, number)
        request_placed(placed)
        ready_for_pickup(placed)
    assert send_waiting().sent == 0, "it waits for more of the same"
    send_now()
    assert sorted(mail.subjects) == ["Requested items at Maple", "Zur Abholung bereit: Cedar"]
    ((body,), (listed,)) = (
        [body for body, to in zip(mail.bodies(), mail.recipients, strict=True) if to == wanted]
        for wanted in ("ada@example.org", "maple@example.org")
    )
    assert body.startswith("Guten Tag Ada Lovelace,\n\nIhre Vormerkung liegt bei Cedar")
    assert "– Title 1 (T1), bereit bis 1. März 2027\n– Title 2 (T2)" in body
    assert "Title 2 (T2), for pickup at Cedar" in listed
    assert "Lovelace" not in listed
    ready_for_pickup(request(world, patron, 3))
    assert Message.objects.filter(kind=Kind.READY).count() == 2, "what is sent is closed"


def test_receipts_recalls_and_cancellations_say_what_they_are_about(world: World) -> None:
    patron = world.patron(email="ada@example.org", language="fr")
    lent = loan(world, patron, 1)
    fee = Fee.objects.create(
        organization=world.cascadia, patron=patron, loan=lent, kind="lost",
        amount=Decimal(9), owed=Decimal(4),
    )  # fmt: skip
    paid = Payment.objects.create(
        organization=world.cascadia, fee=fee, kind="payment", amount=Decimal(5)
    )
    fee_receipt(fee, paid)
    recalled(lent)
    request_cancelled(request(world, patron, 2))
    said = {one.kind: text_of(one).body for one in Message.objects.all()}
    assert (
        "paiement pour un document perdu : 5,00 USD (reste dû : 4,00 USD)" in said[Kind.FEE_RECEIPT]
    )
    assert "– Title 1 (T1), au plus tard le 1 mars 2027" in said[Kind.RECALL]
    assert "– Title 2 (T2)" in said[Kind.REQUEST_CANCELLED]
    Patron.objects.filter(pk=patron.pk).delete()
    lent.refresh_from_db()
    recalled(lent)
    assert Message.objects.filter(kind=Kind.RECALL).count() == 1


def test_letters_of_a_day_go_to_their_site_in_one_file(world: World, mail: Inbox) -> None:
    for site in (world.maple, world.cedar):
        Site.objects.filter(pk=site.pk).update(email=f"{site.short_name}@example.org")
        site.refresh_from_db()
    people = [
        world.patron(first="王", last="明"),
        world.patron(first="Ada", last="Lovelace", barcode="29000015"),
    ]
    Account.objects.filter(first_name="Ada").update(street="1 Oak St", city="Elm", postal_code="9")
    for number, patron in enumerate(people):
        recalled(loan(world, patron, number))
        ready_for_pickup(request(world, patron, 10 + number))
    assert {one.way for one in Message.objects.all()} == {Way.LETTER}
    assert send_waiting().sent == 0, "they wait for the next morning"
    Message.objects.update(next_try_at=timezone.now())
    assert send_waiting().sent == 4
    assert sorted(mail.recipients) == ["cedar@example.org", "maple@example.org"]
    assert sorted(mail.subjects) == ["2 letters to print: Cedar", "2 letters to print: Maple"]
    assert "2. Ada Lovelace: " in mail.bodies()[0]
    pages = [len(re.findall(rb"/Type /Page\b", file)) for file in mail.files()]
    assert pages == [3, 3], "a list, and a page for each letter"
    assert len({one.parcel for one in Message.objects.all()}) == 2
    assert send_waiting().sent == 0


def test_addresses_stand_as_their_country_writes_them() -> None:
    place = {"street": "1 Oak St", "postal_code": "98101", "city": "Seattle WA", "country": "US"}
    assert address_lines(place, "US") == ("1 Oak St", "Seattle WA 98101")
    assert address_lines(place | {"country": "DE"}, "US") == ("1 Oak St", "98101 Seattle WA", "DE")
