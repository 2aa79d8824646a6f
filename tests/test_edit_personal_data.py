"""Personal data: who may change what, how it is stored, and what every library gets of it."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any
from unicodedata import normalize

import pytest
from django.db import connection, transaction
from django.utils import timezone

from openpatron.access.actor import WEB, Actor
from openpatron.accounts import rules
from openpatron.accounts.models import Account, Lookup, Registration
from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError
from openpatron.ledger.models import Change
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.edit_own_contact import edit_own_contact
from openpatron.patrons.actions.edit_own_data import NOT_HERE, edit_own_data
from openpatron.patrons.actions.edit_personal_data import edit_personal_data
from openpatron.patrons.actors import actor_for
from openpatron.patrons.models import Patron, StaffRole
from openpatron.patrons.queries import PatronFilter, patrons

from .command_line import CommandLine, openpatron
from .test_hostile_values import KEPT, NEVER
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres


@pytest.fixture
def leo(world: World) -> Actor:
    return world.actor(world.staff("Library administrator", world.maple, "leo"))


def next_door(world: World, account: Account) -> Patron:
    """Register somebody of Cascadia in Rainier as well."""
    with open_organization(world.rainier):
        Registration.objects.create(account=account, organization=world.rainier)
        return Patron.objects.create(organization=world.rainier, account=account)


def change_of(patron: Patron) -> Change:
    return Change.objects.filter(subject_id=patron.pk).latest("pk")


# Staff


def test_all_of_it_is_written_with_one_change(world: World, leo: Actor) -> None:
    patron = world.patron(first="Ada", last="Byron", username="ada")
    personal = {
        "first_name": "Zoë",
        "middle_name": "M.",
        "last_name": "Ōsaka",
        "preferred_name": "Zo",
        "suffix": "III",
        "birth_date": date(2016, 2, 29),
        "gender": "woman",
        "username": "zoe",
        "email": "zoe+library@x.example",
        "mobile_phone": "(415) 555-0123",
        "home_phone": "+49 30 901820",
        "business_phone": "415.555.0124",
        "other_phone": "1-415-555-0125",
        "street": "1 Elm Street",
        "postal_code": "94107",
        "city": "San Francisco",
        "country": "us",
        "language": "ES",
        "keep_history": True,
    }
    contact = {
        "wants_mail": False,
        "additional_email": '"the mother"@bücher.example',
        "language": "pt-br",
        "second_street": "2 Oak Street",
        "second_postal_code": "10115",
        "second_city": "Berlin",
        "second_country": "de",
    }

    written = edit_personal_data(leo, patron.pk, personal, contact)

    patron = Patron.objects.select_related("account").get(pk=patron.pk)
    stored = {name: getattr(patron.account, name) for name in personal}
    assert stored == personal | {
        "mobile_phone": "+14155550123",
        "home_phone": "+4930901820",
        "business_phone": "+14155550124",
        "other_phone": "+14155550125",
        "country": "US",
        "language": "es",
    }
    kept = {name: getattr(patron, name) for name in contact}
    assert kept == contact | {"second_country": "DE"}
    change = change_of(patron)
    assert change.before["first_name"] == "Ada"
    assert change.after["birth_date"] == "2016-02-29"
    assert (change.after["page_language"], change.after["language"]) == ("es", "pt-br")
    assert (change.before["channel"], change.after["channel"]) == ("mail", "email")
    assert (change.actor, change.way) == (leo.account_id, leo.way)
    assert written.channels == {"Cascadia": Patron.Channel.EMAIL}
    assert Change.objects.filter(subject_id=patron.pk).count() == 1


def test_what_does_not_differ_is_no_change(world: World, leo: Actor) -> None:
    patron = world.patron(first="Ada", email="ada@x.example")
    same = {"first_name": " Ada ", "email": "ada@x.example"}
    assert not edit_personal_data(leo, patron.pk, same, {"wants_mail": False}).changed
    assert not Change.objects.filter(subject_id=patron.pk).exists()


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("personal", "contact", "field"),
    [
        ({"last_name": " "}, {}, "last_name"),
        ({"birth_date": timezone.localdate() + timedelta(days=2)}, {}, "birth_date"),
        ({"username": "a b"}, {}, "username"),
        ({"email": "nobody"}, {}, "email"),
        ({"mobile_phone": "12"}, {}, "mobile_phone"),
        ({"country": "Narnia"}, {}, "country"),
        ({"language": "klingon"}, {}, "language"),
        ({"first_name": "a\x00b"}, {}, "first_name"),
        ({}, {"additional_email": "x@"}, "additional_email"),
        ({}, {"second_country": "Narnia"}, "second_country"),
        ({}, {"second_street": "x" * 201}, "second_street"),
        ({}, {"language": "zz"}, "language"),
        ({}, {"wants_mail": True, "additional_email": "m@x.example"}, "additional_email"),
    ],
)
def test_bad_values_name_the_field_and_write_nothing(
    world: World, leo: Actor, personal: dict[str, Any], contact: dict[str, Any], field: str
) -> None:
    patron = world.patron()
    before = Account.objects.filter(pk=patron.account_id).values().get()
    with pytest.raises(InputError) as refused:
        edit_personal_data(leo, patron.pk, {"first_name": "New"} | personal, contact)
    assert refused.value.field == field
    assert Account.objects.filter(pk=patron.account_id).values().get() == before
    assert not Change.objects.filter(subject_id=patron.pk).exists()


def test_an_additional_address_does_not_go_with_mail_and_other_data_is_not_hindered(
    world: World, leo: Actor
) -> None:
    patron = world.patron()
    Patron.objects.filter(pk=patron.pk).update(wants_mail=True, additional_email="m@x.example")
    edit_personal_data(leo, patron.pk, {"first_name": "Zoë"}, {"second_city": "Berlin"})
    with pytest.raises(InputError, match="by mail"):
        edit_personal_data(leo, patron.pk, {}, {"additional_email": "n@x.example"})
    edit_personal_data(leo, patron.pk, {}, {"wants_mail": False})
    assert change_of(patron).after == {"wants_mail": False, "channel": "email"}


def test_one_additional_address_may_be_that_of_many(world: World, leo: Actor) -> None:
    mother = world.patron(email="mother@x.example")
    for child in (world.patron(), world.patron()):
        contact = {"additional_email": "mother@x.example"}
        assert edit_personal_data(leo, child.pk, {}, contact).channels
    assert Account.objects.get(email="mother@x.example") == mother.account


@pytest.mark.parametrize("taken", ["ADA", "ａｄａ"])
def test_a_username_that_differs_only_in_case_or_form_is_taken(
    world: World, leo: Actor, taken: str
) -> None:
    world.patron(username="ada")
    patron = world.patron(username="bob")
    with pytest.raises(InputError, match="another account's") as refused:
        edit_personal_data(leo, patron.pk, {"username": taken}, {})
    assert refused.value.field == "username"
    edit_personal_data(leo, patron.pk, {"username": "BOB"}, {})
    assert Account.objects.get(pk=patron.account_id).username == "BOB"


@pytest.mark.parametrize("other", ["ünal", "ÜNAL", "Ünal", "U\u0308nal"])
def test_case_and_form_of_other_letters_are_the_same_too(
    world: World, leo: Actor, other: str
) -> None:
    world.patron(username=rules.username("Ünal"))
    patron = world.patron()
    with pytest.raises(InputError, match="another account's"):
        edit_personal_data(leo, patron.pk, {"username": other}, {})
    with pytest.raises(InputError, match="another account's"):
        edit_own_data(patron.account, WEB, {"username": other})


@pytest.mark.parametrize("value", KEPT.values(), ids=KEPT)
def test_whatever_is_a_name_is_kept_and_found(world: World, leo: Actor, value: str) -> None:
    patron = world.patron()
    edit_personal_data(leo, patron.pk, {"last_name": value}, {"second_city": value})
    assert Account.objects.get(pk=patron.account_id).last_name == normalize("NFC", value)
    assert patron in patrons(world.operator, PatronFilter(text=value))


@pytest.mark.parametrize("value", NEVER.values(), ids=NEVER)
def test_what_cannot_be_kept_is_refused(world: World, leo: Actor, value: str) -> None:
    patron = world.patron()
    with pytest.raises(InputError, match="last_name"):
        edit_personal_data(leo, patron.pk, {"last_name": value}, {})
    with pytest.raises(InputError, match="username"):
        edit_own_data(patron.account, WEB, {"username": value})


def test_asking_by_edit_who_has_an_address_is_recorded(world: World, leo: Actor) -> None:
    Account.objects.filter(pk=world.neighbour().pk).update(email="rolf@x.example")
    patron = world.patron()
    with pytest.raises(InputError, match="another account's"):
        edit_personal_data(leo, patron.pk, {"email": "Rolf@x.example"}, {})
    assert Lookup.objects.filter(asked_by=leo.account_id, found=True).count() == 1


def test_an_address_of_nobody_else_may_change_its_case(world: World, leo: Actor) -> None:
    patron = world.patron(email="ada@x.example")
    edit_personal_data(leo, patron.pk, {"email": "Ada@x.example"}, {})
    assert not Lookup.objects.exists()


def test_every_library_finds_the_new_name_and_has_it_in_its_ledger(
    world: World, leo: Actor
) -> None:
    patron = world.patron(first="Ada", last="Byron", barcode="4711", username="ada")
    there = next_door(world, patron.account)

    edit_personal_data(
        leo, patron.pk, {"last_name": "Ōsaka", "email": "z@x.example"}, {"second_city": "Kyōto"}
    )

    for word in ("osaka", "4711", "z@x.example"):
        assert list(patrons(world.operator, PatronFilter(text=word))) == [patron], word
    assert not patrons(world.operator, PatronFilter(text="byron"))
    with open_organization(world.rainier):
        there.refresh_from_db()
        change = change_of(there)
    assert "osaka" in there.search_text
    assert there.sort_name == "osaka, ada"
    # How the one library writes is not the other's matter, nor who its staff are.
    assert set(change.after) == {"last_name", "email", "channel"}
    assert change.way == "away"
    assert change_of(patron).way == leo.way


def test_who_may_not_edit_changes_nothing(world: World, leo: Actor) -> None:
    at_cedar = world.patron(world.cedar)
    with pytest.raises(NotFoundError):
        edit_personal_data(leo, at_cedar.pk, {"first_name": "New"}, {})
    reader = world.patron(level="Teacher")
    world.levels["Teacher"].permissions = ["patrons.view"]
    world.levels["Teacher"].save()
    with pytest.raises(NotAllowedError, match="Edit patrons"):
        edit_personal_data(world.actor(reader.account), world.patron().pk, {"city": "X"}, {})
    assert leo.account is not None
    own = Patron.objects.get(account=leo.account)
    with pytest.raises(NotAllowedError, match="your own account"):
        edit_personal_data(leo, own.pk, {"last_name": "New"}, {})
    dora = Patron.objects.get(account=world.staff("District patrons manager"))
    with pytest.raises(NotAllowedError):
        edit_personal_data(leo, dora.pk, {"last_name": "New"}, {})


def test_nobody_changes_the_sign_in_of_who_holds_more_elsewhere(world: World, leo: Actor) -> None:
    """Who set the address could have the password sent there."""
    patron = world.patron(email="a@x.example")
    there = next_door(world, patron.account)
    with open_organization(world.rainier):
        StaffRole.objects.create(
            organization=world.rainier,
            patron=there,
            access_level=world.neighbour_levels["District patrons manager"],
            is_organization_wide=True,
        )
    for changed in ({"email": "leo@x.example"}, {"username": "new"}):
        with pytest.raises(NotAllowedError, match="username or the e-mail"):
            edit_personal_data(leo, patron.pk, changed, {})
    edit_personal_data(leo, patron.pk, {"first_name": "New", "email": "a@x.example"}, {})


# The person


@pytest.mark.any_engine
@pytest.mark.parametrize("name", NOT_HERE)
def test_a_person_is_refused_what_only_staff_change(world: World, name: str) -> None:
    account = world.patron(birth_date=date(2012, 1, 1)).account
    other = date(2011, 1, 1) if name == "birth_date" else "o@x.example"
    with pytest.raises(InputError) as refused:
        edit_own_data(account, WEB, {"city": "Ghent", name: other})
    assert refused.value.field == name
    assert Account.objects.get(pk=account.pk).city == ""
    # What stays as it is may be sent along.
    edit_own_data(account, WEB, {"city": "Ghent", name: getattr(account, name)})
    assert Account.objects.get(pk=account.pk).city == "Ghent"


def test_a_person_changes_the_rest_and_each_library_hears_of_it(world: World) -> None:
    patron = world.patron(username="ada")
    there = next_door(world, patron.account)
    given = {
        "username": "countess",
        "preferred_name": "Countess",
        "mobile_phone": "415 555 0123",
        "keep_history": True,
    }

    edit_own_data(patron.account, WEB, given)

    account = Account.objects.get(pk=patron.account_id)
    assert (account.username, account.mobile_phone) == ("countess", "+14155550123")
    assert list(patrons(world.operator, PatronFilter(text="countess"))) == [patron]
    expected = given | {"mobile_phone": "+14155550123"}
    assert change_of(patron).after == expected
    with open_organization(world.rainier):
        assert change_of(there).after == expected
        # They are nobody's stranger.
        assert (change_of(there).actor, change_of(there).way) == (account.pk, WEB)


def test_a_person_without_a_library_changes_their_data_too(db: None) -> None:
    account = Account.objects.create(username="solo", last_name="Solo")
    edit_own_data(account, WEB, {"city": "Ghent"})
    assert Account.objects.get(pk=account.pk).city == "Ghent"


def test_a_person_does_not_take_anothers_username(world: World) -> None:
    world.neighbour("rolf")
    with pytest.raises(InputError, match="another account's"):
        edit_own_data(world.patron().account, WEB, {"username": "Rolf"})


def test_a_person_says_how_one_library_writes(world: World) -> None:
    patron = world.patron(email="ada@x.example")
    there = next_door(world, patron.account)
    written = edit_own_contact(world.actor(patron.account), {"wants_mail": True})
    assert written.channels == {"Cascadia": Patron.Channel.MAIL}
    assert change_of(patron).after == {"wants_mail": True, "channel": "mail"}
    with open_organization(world.rainier):
        there.refresh_from_db()
        assert not there.wants_mail
        assert not Change.objects.filter(subject_id=there.pk).exists()
    with pytest.raises(NotFoundError):
        edit_own_contact(world.actor(world.stranger()), {"wants_mail": True})


# At the same moment


@pytest.mark.usefixtures("committed_world")
def test_two_at_the_same_moment_lose_nothing(committed_world: World) -> None:
    """Staff of one library and of another: both changes stand, each ledger holds both."""
    world = committed_world
    patron = world.patron(first="Ada", last="Byron")
    there = next_door(world, patron.account)
    neighbour = world.stranger()
    with open_organization(world.rainier):
        their = actor_for(neighbour, world.rainier, WEB)
    errors: list[BaseException] = []

    def edit(organization: Any, actor: Actor, number: int, given: dict[str, str]) -> None:
        try:
            with open_organization(organization):
                edit_personal_data(actor, number, given, {})
        except BaseException as error:  # noqa: BLE001  shown below
            errors.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=edit, args=args)
        for args in (
            (world.cascadia, world.operator, patron.pk, {"first_name": "Zoë"}),
            (world.rainier, their, there.pk, {"last_name": "Ōsaka"}),
        )
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    patron.refresh_from_db()
    assert patron.sort_name == "osaka, zoe"
    assert Change.objects.filter(subject_id=patron.pk).count() == 2


def test_within_somebody_elses_transaction_a_refusal_leaves_it_usable(
    world: World, leo: Actor
) -> None:
    world.patron(email="a@x.example")
    patron = world.patron()
    with transaction.atomic():
        with pytest.raises(InputError):
            edit_personal_data(leo, patron.pk, {"email": "A@x.example"}, {})
        assert Patron.objects.filter(pk=patron.pk).exists()


# By command


def test_the_command_changes_what_is_named(world: World, openpatron: CommandLine) -> None:
    world.patron(barcode="4711", username="ada", street="1 Elm Street")
    answer = openpatron(
        "edit_personal_data", "4711", "--organization", "cascadia",
        "--first-name", "Zoë", "--street", "", "--birth-date", "2016-02-29",
        "--additional-email", "m@x.example", "--keep-history", "yes", "--format", "json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    account = Account.objects.get(username="ada")
    assert (account.first_name, account.street, account.keep_history) == ("Zoë", "", True)
    assert account.birth_date == date(2016, 2, 29)
    assert answer.json["changed"] == [
        "additional_email", "birth_date", "channel", "first_name", "keep_history", "street",
    ]  # fmt: skip
    assert answer.json["channel"] == "email"


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--birth-date", "2015-02-29"], "is no date"),
        (["--mobile-phone", "12"], "no telephone number"),
        (["--wants-mail", "yes", "--additional-email", "m@x.example"], "by mail"),
        ([], "Name at least one"),
    ],
)
def test_the_command_says_one_sentence(
    world: World, openpatron: CommandLine, arguments: list[str], said: str
) -> None:
    world.patron(barcode="4711")
    answer = openpatron("edit_personal_data", "4711", "--organization", "cascadia", *arguments)
    assert (answer.code, said in answer.err) == (2, True), answer.err
    assert "Traceback" not in answer.err
