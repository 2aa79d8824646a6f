"""The pages about messages, in a browser: axe, phone and dark, and a preview that keeps words."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from openpatron.administration.actions.edit_messages import edit_message_text
from openpatron.circulation.models import Item, Loan, LoanCount
from openpatron.notifications.models import Kind
from openpatron.notifications.wording import Words
from openpatron.patrons.messages import notify

from .inspector import Inspector
from .scene import Scene
from .visitor import Visitor

pytestmark = pytest.mark.browser


def test_pages_of_messages(dora: Visitor, scene: Scene) -> None:
    world = scene.world
    inspector = Inspector(dora)
    look_at = inspector.look_at
    look_at("loans-in-numbers/", "Loans in numbers")
    today = timezone.localdate()
    for n, (patron_type, site) in enumerate(
        (("Student", world.maple), ("Teacher", world.maple), ("Student", world.cedar))
    ):
        LoanCount.objects.create(
            organization=world.cascadia, day=today, site=site, patron_type=patron_type,
            item_type="Book", count=10 * n + 3,
        )  # fmt: skip
    item = Item.objects.create(
        organization=world.cascadia, barcode="T1", title="Momo", home_site=world.maple,
        site=world.maple,
    )  # fmt: skip
    patron = scene.expired()
    Loan.objects.create(
        organization=world.cascadia, item=item, patron=patron, site=world.maple,
        patron_type="Student", due_on=today,
    )  # fmt: skip
    look_at("loans-in-numbers/", "Loans in numbers")
    look_at("admin/messages/", "Messages")
    own = Words("Bald: {count}", "Hallo {name},\n\n{items}", "* {title}")
    edit_message_text(world.operator, "due_soon", "de", own)
    edit_message_text(world.operator, "due_soon", "pl", own)
    look_at("admin/messages/due_soon/", "Due soon")
    look_at("admin/messages/due_soon/de/", "Due soon in German")
    look_at("admin/messages/due_soon/tr/", "Due soon in Turkish")
    look_at("admin/messages/set_password/", "Link to set a password")
    look_at("admin/messages/letters/", "Letters")
    patron.account.email = "evi@example.org"
    patron.language = "tr"
    notify(patron, Kind.READY, {"items": [{"title": "Momo", "barcode": "T1"}]})
    look_at(f"patrons/{patron.pk}/messages/", "Messages to Evi Expired")

    page = dora.page
    dora.to("admin/messages/due_soon/de/")
    page.get_by_label("Subject").fill("Denk an {count}")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Preview, not saved yet")).to_be_visible()
    expect(page.get_by_text("Denk an 2")).to_be_visible()
    expect(page.get_by_label("Subject")).to_have_value("Denk an {count}")
    inspector.end()
