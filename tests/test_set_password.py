"""Staff set a generated password: who may, for whom, and what is left of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from openpatron.accounts.models import Account, Registration
from openpatron.accounts.rules import password as rule
from openpatron.kernel.errors import NotAllowedError, NotFoundError
from openpatron.ledger.models import Change
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.set_password import set_password
from openpatron.patrons.models import Association, Patron, StaffRole

from .visitor import Visitor, text_of
from .world import World


def leo(world: World) -> Any:
    return world.actor(world.staff("Library administrator", world.maple))


def patron_of(account: Account) -> Patron:
    return Patron.objects.get(account=account)


def test_a_password_is_generated_and_only_its_hash_is_kept(world: World) -> None:
    patron = world.patron(username="ada")
    clerk = leo(world)
    made = set_password(clerk, patron.pk)
    account = Account.objects.get(username="ada")
    assert account.check_password(made)
    assert account.must_change_password
    assert rule(made, "ada") == made
    change = Change.objects.get(subject_id=patron.pk)
    assert (change.actor, change.after) == (clerk.account_id, {"password": "generated"})
    assert set_password(world.operator, patron.pk) != made


def test_the_strictest_organization_counts(world: World) -> None:
    patron = world.patron()
    world.rainier.password_minimum = 30
    world.rainier.save()
    Registration.objects.create(account=patron.account, organization=world.rainier)
    assert len(set_password(leo(world), patron.pk)) >= 30


def refused(world: World, actor: Any, patron: Patron) -> str:
    """Try, and return what is said; nothing is written."""
    before = patron.account.password
    with pytest.raises(NotAllowedError) as caught:
        set_password(actor, patron.pk)
    account = Account.objects.get(pk=patron.account_id)
    assert (account.password, account.must_change_password) == (before, False)
    assert not Change.objects.filter(subject_id=patron.pk).exists()
    return str(caught.value)


def test_not_for_somebody_with_more_rights(world: World) -> None:
    clerk = leo(world)
    dora = patron_of(world.staff("District patrons manager"))
    assert "holds rights that you do not hold" in refused(world, clerk, dora)
    # At another site than one's own, by an association.
    other = world.patron()
    world.tie(other, world.cedar, level="Teacher")
    refused(world, clerk, other)
    # Equals may, and who holds more.
    equal = patron_of(world.staff("Library administrator", world.maple))
    assert set_password(clerk, equal.pk)
    assert set_password(world.actor(dora.account), other.pk)


@pytest.mark.parametrize("shut_out", ["patron", "account"])
def test_who_is_shut_out_for_the_moment_is_not_taken_over(world: World, shut_out: str) -> None:
    """Or one would shut somebody out, set the password, and let them in again."""
    dora = patron_of(world.staff("District patrons manager"))
    if shut_out == "patron":
        Patron.objects.filter(pk=dora.pk).update(status="inactive")
    else:
        Account.objects.filter(pk=dora.account_id).update(is_active=False)
    refused(world, leo(world), dora)


def test_rights_in_another_organization_count(world: World) -> None:
    rolf = world.neighbour("rolf")
    Registration.objects.create(account=rolf, organization=world.cascadia)
    here = Patron.objects.create(organization=world.cascadia, account=rolf)
    Association.objects.create(
        organization=world.cascadia, patron=here, site=world.maple,
        patron_type=world.types["Student"], access_level=world.levels["Patron"],
    )  # fmt: skip
    clerk = leo(world)
    said = refused(world, clerk, here)
    assert "Rainier" not in said.replace(rolf.full_name, "")
    account = world.staff("District patrons manager")
    dora = world.actor(account)
    refused(world, dora, here)
    # Who holds the same there may.
    Registration.objects.create(account=account, organization=world.rainier)
    with open_organization(world.rainier):
        mine = Patron.objects.create(organization=world.rainier, account=account)
        StaffRole.objects.create(
            organization=world.rainier, patron=mine, is_organization_wide=True,
            access_level=StaffRole.objects.get(patron__account=rolf).access_level,
        )  # fmt: skip
    assert set_password(dora, here.pk)


def test_not_for_oneself_and_not_without_the_right(world: World) -> None:
    clerk = leo(world)
    assert "your own account" in refused(world, clerk, patron_of(clerk.account))
    with pytest.raises(NotFoundError):
        set_password(clerk, world.patron(world.cedar).pk)
    reader = world.levels["Teacher"]
    reader.permissions = ["patrons.view"]
    reader.save()
    refused(world, world.actor(world.staff("Teacher", world.maple)), world.patron())


def test_the_pages(world: World, caplog: pytest.LogCaptureFixture) -> None:
    patron = world.patron(username="ada", first="Ada", last="Lovelace")
    person, clerk = Visitor(patron.account), Visitor(leo(world).account)
    assert person.get("my_library").status_code == 200
    address = f"/o/cascadia/patrons/{patron.pk}/password/"
    assert address in clerk.get("patron", patron.pk).content.decode()
    asked = clerk.client.get(address)
    assert "Set a new password for Ada Lovelace ?" in text_of(asked)
    assert not Change.objects.exists()

    shown = clerk.client.post(address)
    assert "no-store" in shown["Cache-Control"]
    found = re.search(r'op-secret-word">([^<]+)<', shown.content.decode())
    assert found
    assert Account.objects.get(username="ada").check_password(found[1])
    assert found[1] not in caplog.text
    assert found[1] not in str(dict(clerk.client.session))
    assert person.get("my_library")["Location"].startswith("/sign-in/")
    history = text_of(clerk.get("patron", patron.pk))
    assert "New password" in history
    assert "generated, to be changed at the next sign-in" in history
    assert found[1] not in history

    dora = patron_of(world.staff("District patrons manager"))
    for call in (clerk.client.get, clerk.client.post):
        response = call(f"/o/cascadia/patrons/{dora.pk}/password/")
        assert response.status_code == 403
        assert "holds rights that you do not hold" in text_of(response)
    own = clerk.get("patron", patron_of(clerk.account).pk).content.decode()
    assert "Set a new password" not in own


def test_a_registration_is_told_in_words(world: World) -> None:
    from .test_pages_register_patron import send  # noqa: PLC0415  the words of its form

    clerk = Visitor(leo(world).account)
    page = text_of(clerk.client.get(send(clerk, world)["Location"]))
    assert "Registered" in page
    assert "Registered on" in page
