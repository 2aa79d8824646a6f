"""The routes of the reading community."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from openpatron.accounts.models import Account
from openpatron.organizations.models import Organization, Site
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import Patron
from openpatron.reading.models import Community, Group, Move, Person, Role, School, Seat
from openpatron.rostering.models import PlatformSetup, SentRole, SentUser, Target
from tests.world import World

from .base import EVERYBODY, MEMBERS, PATRON, STAFF, Route

_SCHOOL = {"number": "school"}
_GROUP = {"number": "group"}

ROUTES: dict[str, Route] = {
    "reading": Route(MEMBERS),
    "join_group": Route(MEMBERS),
    "log_reading": Route(MEMBERS),
    # There is no such line in anybody's own log but the patron's.
    "take_back_reading": Route(frozenset({PATRON}), {"number": "read"}),
    "reading_history": Route(STAFF),
    # Who supervises every school of the community, and who holds the right.
    "connect_provider": Route(STAFF),
    "my_reading": Route(MEMBERS),
    "my_reading_csv": Route(MEMBERS),
    "reading_sign_out": Route(MEMBERS),
    **{
        name: Route(EVERYBODY, {"organization": "signing_in"}, is_outside=True)
        for name in ("reading_sign_in", "reading_sign_in_away", "reading_signed_in")
    },
    **{
        name: Route(STAFF, _GROUP)
        for name in (
            "reading_group",
            "name_group",
            "group_code",
            "group_list",
            "add_teacher",
            "archive_group",
        )
    },
    # That teacher is not one: nothing is taken off.
    "remove_teacher": Route(STAFF, _GROUP),
    "restore_group": Route(STAFF, {"number": "archived"}),
    "leave_group": Route(frozenset({PATRON}), _GROUP),
    **{
        name: Route(STAFF, _SCHOOL)
        for name in (
            "add_group",
            "all_students",
            "export_students",
            "group_lists",
            "move_readers",
            "edit_school",
        )
    },
    "year_guide": Route(STAFF, _SCHOOL | {"way": "way"}),
    "undo_move": Route(STAFF, _SCHOOL | {"move": "move"}),
}


def things(world: World, ours: Patron, theirs: Patron) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the addresses name: here, and next door."""
    levels = (world.levels, world.cascadia), (world.neighbour_levels, world.rainier)
    for some, organization in levels:
        with open_organization(organization):
            level = some["District patrons manager"]
            level.permissions.append("reading.manage")
            level.save()
    people = {account.username: account for account in Account.objects.all()}
    here = _community(world.cascadia, world.maple, {
        ours.pk: Role.STUDENT,
        **{people[name].patrons.get().pk: Role.SUPERVISOR for name in ("leo", "dora")},
    })  # fmt: skip
    with open_organization(world.rainier):
        there = _community(world.rainier, world.fir, {theirs.pk: Role.SUPERVISOR})
    return here, there


def _community(organization: Organization, site: Site, people: dict[int, Role]) -> dict[str, Any]:
    """Make a school with these people in a group, delivered by a target of their own."""
    client = f"{organization.slug}.reading"
    address = "https://library.example/ims/oneroster"
    Community.objects.create(
        organization=organization, base_url=address, token_url=address, client_id=client,
        issuer="http://127.0.0.1:1",
    )  # fmt: skip
    target = Target.objects.create(
        organization=organization, name="Reading", kind="oneroster-rest", client_id=client
    )
    target.sites.add(site)
    PlatformSetup.objects.get_or_create(organization=organization, site=site)
    school = School.objects.create(
        organization=organization, sourced_id="m", name=site.name, managed_here=True,
        may_leave=True,
    )  # fmt: skip
    group = Group.objects.create(
        organization=organization, school=school, title="Ours", code="CDEFGHJK"
    )
    archived = Group.objects.create(
        organization=organization, school=school, title="Old", code="CDEFGHJM",
        archived_at=timezone.now(),
    )  # fmt: skip
    found: dict[str, Any] = {
        "school": school.pk, "group": group.pk, "archived": archived.pk, "way": "homerooms",
        "signing_in": organization.slug,
    }  # fmt: skip
    for number, role in people.items():
        sent, _made = SentUser.objects.get_or_create(
            organization=organization, patron_id=number,
            defaults={"modified_at": timezone.now()},
        )  # fmt: skip
        SentRole.objects.get_or_create(
            organization=organization, sent_user=sent, site=site, role=role
        )
        person = Person.objects.create(
            organization=organization, sourced_id=str(sent.sourced_id), username=f"p{number}",
            given_name="Ada", family_name="Lovelace",
        )  # fmt: skip
        Seat.objects.create(organization=organization, person=person, school=school, role=role)
        group.memberships.create(
            organization=organization, person=person, role=role, is_current=True
        )
        if role is Role.STUDENT or "read" not in found:
            found["read"] = person.log.create(
                organization=organization, book="Emma", minutes=5, day=timezone.localdate()
            ).pk
    by = Person.objects.filter(organization=organization).latest("pk")
    found["move"] = Move.objects.create(organization=organization, group=group, by=by).pk
    return found
