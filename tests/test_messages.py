"""Messages: what is posted by which channel, and the sender with a real mail server."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any, cast

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from openpatron.accounts.links import account_by_password_key
from openpatron.accounts.models import Account, Registration
from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError
from openpatron.kernel.mail_server import parse_mail_server
from openpatron.ledger.models import Change
from openpatron.notifications import texts
from openpatron.notifications.models import Kind, Message, Place, State, Way
from openpatron.notifications.post import About, Text, post
from openpatron.notifications.sender import send_until, send_waiting
from openpatron.organizations.models import Site
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.register_patron import Registered, register_patron
from openpatron.patrons.actions.resend_message import resend_message, resend_messages
from openpatron.patrons.actions.set_password import set_password
from openpatron.patrons.actions.set_password_link import set_password_link
from openpatron.patrons.messages import tell_patron
from openpatron.patrons.models import Patron

from .command_line import CommandLine, openpatron
from .mail_server import Inbox
from .processes import Processes, sending
from .visitor import Visitor, text_of
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres

LINK = re.compile(r"^http://localhost:8000(/\S+)$", re.MULTILINE)


def wanted(world: World, **personal: Any) -> Registered:
    agreed = personal.pop("has_agreed", False)
    link = personal.pop("send_link", False)
    return Registered(
        personal={"username": "grace", "first_name": "Grace", "last_name": "Hopper"} | personal,
        site=world.maple,
        patron_type=world.types["Student"],
        access_level=world.levels["Patron"],
        has_agreed=agreed,
        send_link=link,
    )


def some(to: str = "ada@example.org", count: int = 1, **more: Any) -> list[Message]:
    text = Text("Grüße", "Hello Ada,\n\nа é 漢\n")
    about = About(1)
    return [post(Kind.REGISTERED, about, text, to, language="en", **more) for _ in range(count)]


def states() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("state", flat=True))


# What is posted


def test_who_is_registered_is_told_with_a_link_if_asked_for(world: World, mail: Inbox) -> None:
    patron = register_patron(
        world.operator, wanted(world, email="grace@example.org", send_link=True)
    )
    told = Message.objects.get()
    assert (told.kind, told.way, told.place) == (Kind.REGISTERED, Way.EMAIL, Place.MAIN)
    assert (told.to, told.patron_id, told.site) == ("grace@example.org", patron.pk, world.maple)
    assert "http" not in told.body

    assert send_waiting().sent == 1

    (body,) = mail.bodies()
    assert "Maple (Cascadia) has registered you" in body
    found = LINK.search(body)
    assert found
    key = found[1].rstrip("/").rpartition("/")[2]
    assert account_by_password_key(key) == patron.account
    told.refresh_from_db()
    assert "http" not in told.body
    assert key not in str(told.__dict__)


def test_an_account_from_elsewhere_is_told_and_keeps_its_password(world: World) -> None:
    with open_organization(world.rainier):
        other = world.patron(world.fir, username="grace", email="grace@example.org").account
    other.set_password("Quiet-harbour-31")
    other.save()
    register_patron(world.operator, wanted(world, has_agreed=True, send_link=True))
    told = Message.objects.get()
    assert told.to == "grace@example.org"
    assert "{link}" not in told.body


def test_nothing_is_told_where_nothing_was_registered(world: World) -> None:
    world.patron(district_id="D1")
    with pytest.raises(InputError):
        register_patron(world.operator, wanted(world, send_link=True))
    with transaction.atomic(), pytest.raises(InputError):
        register_patron(
            world.operator,
            Registered(
                **{
                    name: getattr(wanted(world, email="g@example.org"), name)
                    for name in ("personal", "site", "patron_type", "access_level")
                },
                district_id="D1",
            ),
        )
    assert not Message.objects.exists()
    assert not Account.objects.filter(username="grace").exists()


def test_a_copy_goes_to_the_additional_address_without_the_link(world: World, mail: Inbox) -> None:
    patron = world.patron(email="child@example.org")
    Patron.objects.filter(pk=patron.pk).update(additional_email="parent@example.org")
    patron = Patron.objects.select_related("account").get(pk=patron.pk)
    tell_patron(
        patron,
        Kind.REGISTERED,
        lambda with_link: texts.registered(
            patron.account, world.cascadia, world.maple, with_link=with_link
        ),
        with_link=True,
    )
    send_waiting()
    assert mail.recipients == ["child@example.org", "parent@example.org"]
    assert [bool(LINK.search(body)) for body in mail.bodies()] == [True, False]


def test_a_letter_goes_to_the_site_or_is_a_problem_until_mended(world: World, mail: Inbox) -> None:
    register_patron(world.operator, wanted(world, street="1 Oak St", postal_code="9", city="Elm"))
    told = Message.objects.get()
    assert (told.way, told.state, told.to) == (Way.LETTER, State.UNDELIVERABLE, "")
    assert "Maple has no e-mail address" in told.error
    assert send_waiting().sent == 0
    with pytest.raises(InputError, match="Maple has no e-mail"):
        resend_message(world.operator, told.pk)
    assert resend_messages(world.operator) == (0, 1)

    Site.objects.filter(pk=world.maple.pk).update(email="desk@maple.example")
    assert resend_messages(world.operator) == (1, 0)
    assert send_waiting().sent == 1
    assert mail.recipients == ["desk@maple.example"]
    assert mail.subjects == ["1 letter to print: Maple"]
    assert mail.files()[0].startswith(b"%PDF")


def test_a_new_password_is_told_to_the_accounts_own_address_alone(world: World) -> None:
    patron = world.patron(email="ada@example.org")
    Patron.objects.filter(pk=patron.pk).update(additional_email="parent@example.org")
    password = set_password(world.operator, patron.pk)
    told = Message.objects.get()
    assert (told.kind, told.to) == (Kind.PASSWORD_CHANGED, "ada@example.org")
    assert password not in told.body
    set_password(world.operator, world.patron().pk)
    assert Message.objects.count() == 1


def test_a_link_needs_an_address_and_no_less_right_than_a_password(world: World) -> None:
    dora = world.staff("District patrons manager", None, "dora")
    leo = world.staff("Library administrator", world.maple, "leo")
    with pytest.raises(InputError, match="own e-mail address"):
        set_password_link(world.operator, world.patron().pk)
    Account.objects.update(email="")
    Account.objects.filter(pk=dora.pk).update(email="dora@example.org")
    with pytest.raises(NotAllowedError):
        set_password_link(world.actor(leo), dora.patrons.get().pk)
    assert not Message.objects.exists()
    set_password_link(world.operator, dora.patrons.get().pk)
    assert Message.objects.get().kind == Kind.SET_PASSWORD
    assert Change.objects.latest("pk").after == {"password": "link"}


def test_it_is_written_in_the_patrons_language(world: World, settings: Settings) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    patron = world.patron(email="ada@example.org", language="de-CH")
    set_password_link(world.operator, patron.pk)
    assert Message.objects.latest("pk").language == "de"
    Patron.objects.filter(pk=patron.pk).update(language="en")
    set_password_link(world.operator, patron.pk)
    assert Message.objects.latest("pk").language == "en"


# The sender


def test_a_message_arrives_whole(world: World, mail: Inbox) -> None:
    (told,) = some('"a b+c"@exämple.org')
    assert send_waiting().sent == 1
    (got,) = mail.mails
    assert got["Subject"] == "Grüße"
    assert got["Message-ID"] == told.message_id
    assert got["Auto-Submitted"] == "auto-generated"
    assert mail.recipients == ['"a b+c"@xn--exmple-cua.org']
    assert mail.bodies() == [told.body]
    assert send_waiting().sent == 0


def test_without_a_mail_server_all_waits(world: World, settings: Settings) -> None:
    settings.OPENPATRON_EMAIL_URL = None
    some()
    send_waiting()
    assert states() == ["waiting"]


def test_a_server_that_is_down_loses_nothing(world: World, mail: Inbox, settings: Settings) -> None:
    up, settings.OPENPATRON_EMAIL_URL = settings.OPENPATRON_EMAIL_URL, None
    some(count=3)
    settings.OPENPATRON_EMAIL_URL = parse_mail_server("smtp://127.0.0.1:1")
    assert send_waiting().down
    assert (
        list(Message.objects.values_list("state", "attempts", "lease_until"))
        == [("waiting", 0, None)] * 3
    )
    settings.OPENPATRON_EMAIL_URL = up
    assert send_waiting().sent == 3


def test_a_refusal_for_good_is_a_problem_and_stops_nobody_else(world: World, mail: Inbox) -> None:
    mail.answers["gone@example.org"] = "550 no such mailbox"
    some("gone@example.org")
    some()
    result = send_waiting()
    assert (result.sent, result.refused) == (1, 1)
    assert states() == ["undeliverable", "sent"]
    assert "550 no such mailbox" in Message.objects.earliest("pk").error


@pytest.mark.any_engine
def test_a_refusal_for_now_is_tried_again_ever_later_and_given_up(
    world: World, mail: Inbox
) -> None:
    mail.answers["busy@example.org"] = "451 come back"
    some("busy@example.org")
    pauses = []
    for _ in range(3):
        Message.objects.update(next_try_at=timezone.now())
        assert send_waiting().put_off == 1
        pauses.append(Message.objects.get().next_try_at - timezone.now())
    assert pauses[0] < pauses[1] < pauses[2]
    assert send_waiting().put_off == 0
    Message.objects.update(
        next_try_at=timezone.now(), created_at=timezone.now() - timedelta(days=6)
    )
    assert send_waiting().refused == 1
    assert states() == ["failed"]


def test_a_link_is_not_sent_to_an_address_that_is_the_accounts_no_more(
    world: World, mail: Inbox
) -> None:
    patron = world.patron(email="old@example.org")
    set_password_link(world.operator, patron.pk)
    Account.objects.filter(pk=patron.account_id).update(email="new@example.org")
    assert send_waiting().refused == 1
    assert mail.mails == []
    resend_message(world.operator, Message.objects.get().pk)
    send_waiting()
    assert mail.recipients == ["new@example.org"]


def test_two_senders_send_each_message_once(
    committed_world: World, mail: Inbox, processes: Processes
) -> None:
    some(count=30)
    assert processes.work(sending(mail.url), sending(mail.url)) == [0, 0]
    assert states() == ["sent"] * 30
    numbers = [got["Message-ID"] for got in mail.mails]
    assert len(numbers) == len(set(numbers)) == 30


class OneRound:
    """Tells a sender to stop after its first round."""

    def __init__(self) -> None:
        self.rounds = 0

    def wait(self, _pause: float) -> bool:
        self.rounds += 1
        return self.rounds > 1


def test_a_worker_sends_beside_its_jobs(committed_world: World, mail: Inbox) -> None:
    some(count=2)
    send_until(cast(threading.Event, OneRound()))
    assert states() == ["sent", "sent"]


def test_a_killed_senders_message_is_sent_again_under_the_same_number(
    committed_world: World, mail: Inbox, processes: Processes
) -> None:
    (told,) = some()
    mail.slow = 3
    assert processes.work(sending(mail.url, seconds=1.5)) == [-9]
    mail.slow = 0
    assert states() == ["waiting"]
    assert send_waiting().sent == 0, "it is held until the lease is over"
    Message.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert send_waiting().sent == 1
    assert {got["Message-ID"] for got in mail.mails} == {told.message_id}


# Pages and commands


def test_the_command_sends_and_says_what_is_wrong(
    world: World, mail: Inbox, openpatron: CommandLine, settings: Settings
) -> None:
    some(count=2)
    assert openpatron("send_messages", "--format", "json").json == {
        "sent": 2, "refused": 0, "put_off": 0, "down": "",
    }  # fmt: skip
    settings.OPENPATRON_EMAIL_URL = None
    answer = openpatron("send_messages")
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "OPENPATRON_EMAIL_URL" in answer.err


def test_the_register_command_sends_a_link(
    world: World, mail: Inbox, openpatron: CommandLine
) -> None:
    words = (
        "--organization", "cascadia", "--site", "maple", "--username", "grace", "--last-name",
        "Hopper", "--patron-type", "Student", "--access-level", "Patron", "--send-link",
    )  # fmt: skip
    refused = openpatron("register_patron", *words)
    assert refused.code == 2
    assert "own e-mail address" in refused.err
    assert openpatron("register_patron", *words, "--email", "g@example.org").code == 0
    send_waiting()
    assert LINK.search(mail.bodies()[0])


@pytest.mark.any_engine
def test_staff_see_problems_of_their_sites_and_send_again(world: World, mail: Inbox) -> None:
    leo = Visitor(world.staff("Library administrator", world.maple, "leo"))
    here = register_patron(world.operator, wanted(world))
    there = world.patron(world.cedar, last="Elsewhere")
    post(
        Kind.REGISTERED,
        About(there.account_id, world.cascadia, there.pk, world.cedar),
        Text("A", "B"),
        "",
        language="en",
        place=Place.SITE,
        problem="no address",
    )
    said = text_of(leo.get("undelivered_messages"))
    assert "Grace Hopper" in said
    assert "Elsewhere" not in said
    assert "1 message could not be delivered." in text_of(leo.get("home"))
    ours, theirs = Message.objects.order_by("pk")
    assert leo.post("resend_message", theirs.pk).status_code == 404
    assert "Maple has no e-mail" in text_of(leo.client.get(leo.post("resend_message", ours.pk).url))
    Site.objects.update(email="desk@example.org")
    assert "desk@example.org again" in text_of(
        leo.client.get(leo.post("resend_message", ours.pk).url)
    )
    assert "Hello Grace Hopper," in text_of(leo.get("patron_messages", here.pk))
    assert leo.get("patron_messages", there.pk).status_code == 404
    assert Message.objects.get(pk=theirs.pk).state == State.UNDELIVERABLE


def test_that_there_is_no_mail_server_is_said(world: World, settings: Settings) -> None:
    settings.OPENPATRON_EMAIL_URL = None
    leo = Visitor(world.staff("Library administrator", world.maple, "leo"))
    set_password_link(world.operator, world.patron(email="a@example.org").pk)
    said = text_of(leo.get("undelivered_messages"))
    assert "No mail server is set up" in said
    assert "1 message waits." in said


def test_a_person_sees_their_own_messages_and_no_link(world: World, mail: Inbox) -> None:
    patron = world.patron(email="ada@example.org")
    with open_organization(world.rainier):
        Registration.objects.create(account=patron.account, organization=world.rainier)
    set_password_link(world.operator, patron.pk)
    send_waiting()
    ada = Visitor(patron.account)
    said = text_of(ada.client.get("/me/messages/"))
    assert "Cascadia sends you a link" in said
    assert "(A link stood here. It is not kept.)" in said
    assert "http" not in said
    other = Visitor(world.patron().account)
    assert "There are no messages yet" in text_of(other.client.get("/me/messages/"))


def test_a_neighbours_message_is_nowhere_to_be_seen(world: World) -> None:
    with open_organization(world.rainier):
        theirs = world.patron(world.fir, email="x@example.org")
        post(
            Kind.REGISTERED,
            About(theirs.account_id, world.rainier, theirs.pk),
            Text("A", "B"),
            "",
            language="en",
            problem="no address",
        )
    with pytest.raises(NotFoundError):
        resend_message(world.operator, Message.objects.get().pk)
    assert resend_messages(world.operator) == (0, 0)
