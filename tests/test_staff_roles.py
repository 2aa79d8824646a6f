"""Staff roles: who may give which where, when they end, whose record is above, and the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from openpatron.access.actor import CLI
from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change
from openpatron.patrons.actions.block_patron import block_patron
from openpatron.patrons.actions.edit_patron import EditedAssociation, EditedPatron, edit_patron
from openpatron.patrons.actions.grant_staff_role import end_staff_role, grant_staff_role
from openpatron.patrons.actions.register_patron import register_patron
from openpatron.patrons.actors import actor_for
from openpatron.patrons.models import Patron, StaffRole
from openpatron.patrons.queries import patron as patron_of
from openpatron.patrons.staff_roles import Source, roles_of, sources_of_rights
from openpatron.patrons.standing import Deed

from .test_register_patron import wanted
from .visitor import Visitor, text_of
from .world import World

pytestmark = pytest.mark.postgres


def sources(world: World, patron: Patron) -> list[Source]:
    found = patron_of(world.operator, patron.pk)
    return sources_of_rights(found, roles_of(world.operator, found))


def test_a_role_holds_at_its_sites_at_once_and_ends_at_once(world: World) -> None:
    patron = world.patron()
    level = world.levels["Library administrator"]
    role = grant_staff_role(world.operator, patron.pk, level, [world.maple, world.alder])

    actor = actor_for(patron.account, world.cascadia, CLI)
    assert [actor.may("patrons.edit", s) for s in (world.maple, world.alder, world.cedar)] == [
        True, True, False,
    ]  # fmt: skip
    end_staff_role(world.operator, patron.pk, role.pk)

    assert not actor_for(patron.account, world.cascadia, CLI).may("patrons.edit", world.maple)
    told = [(c.before, c.after) for c in Change.objects.order_by("id")]
    given = {"staff_role": level.name, "where": "Alder, Maple", "ends_on": None}
    assert told == [({"staff_role": None}, given), (given, dict.fromkeys(given))]


def test_a_role_holds_through_its_last_day(world: World) -> None:
    patron = world.patron()
    today = timezone.localdate()
    level = world.levels["Library administrator"]
    role = grant_staff_role(world.operator, patron.pk, level, None, today)
    assert actor_for(patron.account, world.cascadia, CLI).may("patrons.edit", world.cedar)

    StaffRole.objects.filter(pk=role.pk).update(ends_on=today - timedelta(days=1))

    assert not actor_for(patron.account, world.cascadia, CLI).may("patrons.edit", world.cedar)
    assert roles_of(world.operator, patron) == []


def test_nobody_gives_more_than_they_hold(world: World) -> None:
    leo = world.actor(world.staff("Library administrator", world.maple))
    patron = world.patron()
    administrator, teacher = world.levels["Library administrator"], world.levels["Teacher"]
    for level, sites in (
        (administrator, [world.alder]),
        (administrator, [world.maple, world.alder]),
        (teacher, None),
        (world.levels["District patrons manager"], [world.maple]),
    ):
        with pytest.raises(NotAllowedError):
            grant_staff_role(leo, patron.pk, level, sites)
    world.levels["Library administrator"].grants = ["Teacher"]
    world.levels["Library administrator"].save()
    narrow = world.actor(leo.account)  # type: ignore[arg-type]
    with pytest.raises(NotAllowedError, match="do not let you give"):
        grant_staff_role(narrow, patron.pk, administrator, [world.maple])
    grant_staff_role(narrow, patron.pk, teacher, [world.maple])
    assert StaffRole.objects.filter(patron=patron).count() == 1


def test_bad_roles_are_refused(world: World) -> None:
    patron = world.patron()
    level = world.levels["Teacher"]
    yesterday = timezone.localdate() - timedelta(days=1)
    for sites, ends_on, field in (
        ([], None, "sites"),
        ([world.studio], None, "sites"),
        ([world.maple], yesterday, "ends_on"),
    ):
        with pytest.raises(InputError) as refused:
            grant_staff_role(world.operator, patron.pk, level, sites, ends_on)
        assert refused.value.field == field
    grant_staff_role(world.operator, patron.pk, level, [world.maple])
    with pytest.raises(InputError, match="already"):
        grant_staff_role(world.operator, patron.pk, level, [world.maple])
    with pytest.raises(NotFoundError):
        end_staff_role(world.operator, patron.pk, 10**18)


def test_who_is_above_is_left_alone(world: World) -> None:
    """A librarian can neither shut out nor demote the manager of the district."""
    leo = world.actor(world.staff("Library administrator", world.maple))
    dora = Patron.objects.get(account=world.staff("District patrons manager"))
    role = StaffRole.objects.get(patron=dora)
    for attack in (
        lambda: edit_patron(leo, dora.pk, EditedPatron("inactive", "", None, None)),
        lambda: block_patron(leo, dora.pk, [Deed.RENEW], "why"),
        lambda: end_staff_role(leo, dora.pk, role.pk),
        lambda: grant_staff_role(leo, dora.pk, world.levels["Patron"], [world.maple]),
    ):
        with pytest.raises(NotAllowedError, match="that you do not hold"):
            attack()
    dora.refresh_from_db()
    assert dora.status == "active"
    assert StaffRole.objects.filter(pk=role.pk).exists()


@pytest.mark.any_engine
def test_the_pages_of_who_is_above_offer_nothing(world: World) -> None:
    leo = Visitor(world.staff("Library administrator", world.maple, "leo"))
    dora = Patron.objects.get(account=world.staff("District patrons manager"))

    said = text_of(leo.get("patron", dora.pk))

    assert "Holds rights that you do not hold" in said
    assert "Block this patron" not in said
    assert "Give a staff role" not in said
    for name in ("edit_patron", "block_patron", "give_staff_role"):
        answer = leo.get(name, dora.pk)
        assert answer.status_code == 403
        assert "that you do not hold" in text_of(answer)


def test_each_right_says_where_it_comes_from(world: World) -> None:
    patron = world.patron(level="Teacher")
    until = timezone.localdate() + timedelta(days=3)
    level = world.levels["District patrons manager"]
    grant_staff_role(world.operator, patron.pk, level, [world.alder], until)

    found = sources(world, patron)

    rows = {(s.right, s.level, s.is_role, s.site, s.ends_on) for s in found}
    assert ("See the home page", "Teacher", False, "Maple", None) in rows
    assert ("Edit patrons", level.name, True, "Alder", until) in rows
    # An organization-wide right counts for nothing at a site.
    assert "Manage patrons for the district" not in {s.right for s in found}
    Patron.objects.filter(pk=patron.pk).update(status="inactive")
    assert sources(world, patron) == []


def test_a_right_by_a_role_says_since_when(world: World) -> None:
    patron, today = world.patron(), timezone.localdate()
    grant_staff_role(world.operator, patron.pk, world.levels["Teacher"], [world.maple])
    before_the_ledger = StaffRole.objects.create(
        organization=world.cascadia, patron=patron, access_level=world.levels["Teacher"]
    )
    before_the_ledger.sites.add(world.alder)
    found = {one.site: one.since for one in sources(world, patron) if one.is_role}
    assert found == {"Maple": today, "Alder": None}
    dora = Visitor(world.staff("District patrons manager", None, "dora"))
    assert "role Teacher, Maple, since " in text_of(dora.get("patron", patron.pk))


def test_a_right_by_an_association_says_since_when_and_what_is_not_held_why(world: World) -> None:
    today = timezone.localdate()
    levels = {name: world.levels[name] for name in ("Teacher", "Library administrator")}
    registered = register_patron(world.operator, wanted(world, access_level=levels["Teacher"]))
    by_hand, before_the_ledger = world.patron(), world.patron(level="Teacher")
    tie = by_hand.associations.get()
    edit_patron(
        world.operator,
        by_hand.pk,
        EditedPatron(
            "active", "5", 2034, None,
            (EditedAssociation(tie.pk, tie.patron_type, levels["Teacher"], None),),
        ),
    )  # fmt: skip
    many = world.patron(grade="7")
    run(confirm_job(world.operator, world.plan(value="7", access_level="Teacher")))
    found = {
        patron: {one.site: one.since for one in sources(world, patron)}
        for patron in (registered, by_hand, before_the_ledger, many)
    }
    assert list(found.values()) == [
        {"Maple": today}, {"Maple": today}, {"Maple": None}, {"Cedar": today},
    ]  # fmt: skip
    dora = Visitor(world.staff("District patrons manager", None, "dora"))
    said = text_of(dora.get("patron", registered.pk))
    assert "access level Teacher, Maple, since " in said
    assert "rights that are not held" in said
    assert "Register patrons" in said.partition("rights that are not held")[2]
    Patron.objects.filter(pk=registered.pk).update(status="restricted")
    said = text_of(dora.get("patron", registered.pk))
    assert "The patron is not active: what is given counts for nothing." in said
    assert "not held" not in said


@pytest.mark.any_engine
def test_a_role_is_given_shown_and_ended_by_page(world: World) -> None:
    leo = Visitor(world.staff("Library administrator", world.maple, "leo"))
    patron = world.patron()
    page = leo.get("give_staff_role", patron.pk).content.decode()
    assert "District patrons manager" not in page
    assert "In the whole organization" not in page
    teacher = world.levels["Teacher"]
    typed = {"level": str(teacher.pk), "where": "sites"}

    answer = leo.post("give_staff_role", patron.pk, **typed)
    assert answer.status_code == 422
    assert "Choose at least one site" in text_of(answer)
    answer = leo.post("give_staff_role", patron.pk, sites=str(world.alder.pk), **typed)
    assert answer.status_code == 422
    answer = leo.post("give_staff_role", patron.pk, sites=str(world.maple.pk), **typed)
    assert answer.status_code == 302

    said = text_of(leo.get("patron", patron.pk))
    assert "Staff role given" in said
    assert "Teacher Maple" in said
    role = StaffRole.objects.get(patron=patron)
    assert leo.post("end_staff_role", patron.pk, role.pk).status_code == 302
    assert "Staff role ended" in text_of(leo.get("patron", patron.pk))
    assert not StaffRole.objects.filter(patron=patron).exists()
