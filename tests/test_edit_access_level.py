"""Access levels: nobody puts in more than they hold, nor touches what is above them."""

from __future__ import annotations

from functools import partial

import pytest

from openpatron.access.actor import WEB, Actor
from openpatron.access.models import AccessLevel
from openpatron.administration.actions.edit_access_level import (
    EditedLevel,
    add_access_level,
    delete_access_level,
    edit_access_level,
)
from openpatron.kernel.errors import InputError, NotAllowedError, StateError
from openpatron.ledger.models import Change
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actors import actor_for
from openpatron.patrons.models import StaffRole

from .visitor import Visitor, text_of
from .world import World

pytestmark = pytest.mark.postgres

OWN = ("administration.manage_levels", "patrons.view", "organizations.view_home")


@pytest.fixture
def keeper(world: World) -> AccessLevel:
    return AccessLevel.objects.create(
        organization=world.cascadia,
        name="Keeper",
        permissions=list(OWN),
        grants=["Patron", "Teacher"],
    )


@pytest.fixture
def kay(world: World, keeper: AccessLevel) -> Actor:
    """Somebody who keeps the levels, and may else only look."""
    world.levels["Keeper"] = keeper
    return world.actor(world.staff("Keeper", None, "kay"))


def level(world: World, name: str, *permissions: str, grants: tuple[str, ...] = ()) -> AccessLevel:
    return AccessLevel.objects.create(
        organization=world.cascadia, name=name, permissions=list(permissions), grants=list(grants)
    )


def wanted(name: str, *permissions: str, grants: tuple[str, ...] = ()) -> EditedLevel:
    return EditedLevel(name, frozenset(permissions), frozenset(grants))


def test_nobody_puts_in_a_right_that_they_do_not_hold(world: World, kay: Actor) -> None:
    made = add_access_level(kay, wanted("Reader", "patrons.view"))
    more = wanted("Reader", "patrons.view", "patrons.edit")
    for call in (
        partial(add_access_level, kay, wanted("New", "patrons.edit")),
        partial(edit_access_level, kay, made.pk, more),
    ):
        with pytest.raises(NotAllowedError) as caught:
            call()
        assert caught.value.permission == "patrons.edit"
    made.refresh_from_db()
    assert made.permissions == ["patrons.view"]
    assert not AccessLevel.objects.filter(name="New").exists()


def test_a_right_at_a_site_does_not_suffice(world: World, kay: Actor) -> None:
    assert kay.account is not None
    role = StaffRole.objects.create(
        organization=world.cascadia,
        patron=kay.account.patrons.get(),
        access_level=world.levels["Library administrator"],
    )
    role.sites.add(world.maple)
    again = world.actor(kay.account)
    assert again.may("patrons.edit", world.maple)
    with pytest.raises(NotAllowedError):
        add_access_level(again, wanted("New", "patrons.edit"))


def test_nobody_touches_a_level_above_their_own(world: World, kay: Actor) -> None:
    above = world.levels["Library administrator"]
    for call in (
        partial(edit_access_level, kay, above.pk, wanted("Small")),
        partial(delete_access_level, kay, above.pk),
    ):
        with pytest.raises(NotAllowedError, match="holds rights that you do not hold"):
            call()
    assert not Change.objects.exists()


def test_nobody_lets_grant_what_they_may_not_give(world: World, kay: Actor) -> None:
    add_access_level(kay, wanted("One", grants=("Patron", "Teacher")))
    for name in ("Library administrator", "*"):
        with pytest.raises(NotAllowedError):
            add_access_level(kay, wanted("Two", grants=(name,)))
    with pytest.raises(InputError, match="no access level “Nobody”"):
        add_access_level(kay, wanted("Two", grants=("Nobody",)))
    # What others put in may stay, and may be taken out.
    shared = level(world, "Shared", grants=("*",))
    edit_access_level(kay, shared.pk, wanted("Common", grants=("*",)))
    edit_access_level(kay, shared.pk, wanted("Common"))
    with pytest.raises(NotAllowedError):
        edit_access_level(kay, shared.pk, wanted("Common", grants=("*",)))


def test_who_keeps_levels_does_not_raise_themselves(
    world: World, kay: Actor, keeper: AccessLevel
) -> None:
    for more in (
        wanted("Keeper", *OWN, "patrons.manage_staff", grants=("Patron", "Teacher")),
        wanted("Keeper", *OWN, grants=("*",)),
    ):
        with pytest.raises(NotAllowedError):
            edit_access_level(kay, keeper.pk, more)


def test_an_unknown_right_is_not_put_in_and_not_taken_out(world: World) -> None:
    old = level(world, "Old", "patrons.view", "patrons.fly")
    with pytest.raises(NotAllowedError):
        add_access_level(world.operator, wanted("New", "patrons.fly"))
    edit_access_level(world.operator, old.pk, wanted("Old", "patrons.edit"))
    old.refresh_from_db()
    assert old.permissions == ["patrons.edit", "patrons.fly"]


def test_a_new_name_follows_where_the_level_is_granted(world: World) -> None:
    head = level(world, "Head", grants=("Guest", "Head", "Patron"))
    guest = level(world, "Guest")
    edit_access_level(world.operator, guest.pk, wanted("Visitor"))
    edit_access_level(
        world.operator, head.pk, wanted("Chief", grants=("Head", "Patron", "Visitor"))
    )
    head.refresh_from_db()
    assert head.grants == ["Chief", "Patron", "Visitor"]
    delete_access_level(world.operator, guest.pk)
    head.refresh_from_db()
    assert head.grants == ["Chief", "Patron"]


def test_the_neighbours_levels_of_the_same_name_stay(world: World) -> None:
    with open_organization(world.rainier):
        theirs = AccessLevel.objects.create(
            organization=world.rainier, name="Head", grants=["Teacher"]
        )
    edit_access_level(world.operator, world.levels["Teacher"].pk, wanted("Tutor"))
    with open_organization(world.rainier):
        theirs.refresh_from_db()
        assert theirs.grants == ["Teacher"]


@pytest.mark.parametrize("name", ["", " ", "*", "Patron", "x" * 31, "a\x00b"])
def test_names_that_are_not_allowed(world: World, name: str) -> None:
    with pytest.raises(InputError) as caught:
        edit_access_level(world.operator, world.levels["Teacher"].pk, wanted(name))
    assert caught.value.field == "name"
    assert not Change.objects.exists()


def test_it_takes_effect_at_once(world: World) -> None:
    account = world.staff("Teacher", None)
    teacher = world.levels["Teacher"]
    visitor = Visitor(account)
    assert visitor.get("patrons").status_code == 403
    edit_access_level(world.operator, teacher.pk, wanted("Teacher", "patrons.view"))
    assert visitor.get("patrons").status_code == 200
    edit_access_level(world.operator, teacher.pk, wanted("Teacher"))
    assert visitor.get("patrons").status_code == 403
    told = [(c.before, c.after) for c in Change.objects.order_by("pk")]
    assert told[0] == (
        {"permissions": "organizations.view_home"},
        {"permissions": "patrons.view"},
    )


def test_a_level_in_use_is_not_deleted(world: World) -> None:
    world.staff("Library administrator", world.maple)
    with pytest.raises(StateError, match="staff roles: 1"):
        delete_access_level(world.operator, world.levels["Library administrator"].pk)
    with pytest.raises(StateError, match="patrons at a site"):
        delete_access_level(world.operator, world.levels["Patron"].pk)
    with pytest.raises(StateError, match="resource groups: 1"):
        delete_access_level(world.operator, world.levels["Teacher"].pk)


def test_rights_of_one_organization_are_none_in_another(world: World) -> None:
    """Somebody with all rights in Rainier and a patron's in Cascadia, who goes to and fro."""
    rolf = world.stranger()
    at_home = world.patron(username="copy")
    at_home.account, gone = rolf, at_home.account
    at_home.save()
    gone.registrations.update(account=rolf)
    visitor = Visitor(rolf)
    for _turn in range(2):
        assert visitor.client.get("/o/rainier/patrons/").status_code == 200
        assert visitor.client.get("/o/cascadia/patrons/").status_code == 403
        assert visitor.client.get("/o/cascadia/admin/access-levels/").status_code == 403
    assert not any(actor_for(rolf, world.cascadia, WEB).rights.values())


def test_the_pages_of_levels(world: World, kay: Actor) -> None:
    assert kay.account is not None
    visitor = Visitor(kay.account)
    said = text_of(visitor.get("access_levels"))
    assert "Library administrator above yours" in said
    assert "The matrix of rights and levels" in said
    page = visitor.get("add_access_level").content.decode()
    assert 'value="patrons.view"' in page
    assert 'value="patrons.edit"' not in page
    typed = {"name": "Reader", "permissions": "patrons.view", "grants": "Patron"}
    assert visitor.post("add_access_level", **typed).status_code == 302
    made = AccessLevel.objects.get(name="Reader")
    assert (made.permissions, made.grants) == (["patrons.view"], ["Patron"])
    more = visitor.post("edit_access_level", made.pk, **typed | {"permissions": "patrons.edit"})
    assert more.status_code == 422
    above = world.levels["Library administrator"].pk
    assert visitor.get("edit_access_level", above).status_code == 403
    assert visitor.post("edit_access_level", above, **typed).status_code == 403
    assert visitor.post("delete_access_level", above).status_code == 403
    assert "See patrons" in text_of(visitor.get("edit_access_level", made.pk))
    visitor.post("delete_access_level", made.pk)
    assert not AccessLevel.objects.filter(name="Reader").exists()
