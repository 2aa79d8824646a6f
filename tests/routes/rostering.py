"""The routes of homerooms and synchronization."""

from __future__ import annotations

from typing import Any

from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import Homeroom, Patron
from openpatron.rostering.models import Target
from tests.world import World

from .base import EVERYBODY, ONLY_MANAGER, SIGNED_IN, STAFF, Route

_SITE = {"short_name": "site"}
_ROOM = _SITE | {"number": "room"}
_TARGET = {"number": "target"}

ROUTES: dict[str, Route] = {
    "rostering": Route(STAFF),
    **{
        name: Route(STAFF, _SITE)
        for name in (
            "edit_platform_setup", "readiness", "sync_site", "homerooms", "add_homeroom",
            "copy_homerooms",
        )
    },
    "move_students": Route(ONLY_MANAGER, _SITE),
    "mend_readiness": Route(ONLY_MANAGER, _SITE | {"code": "condition"}),
    **{
        name: Route(STAFF, _ROOM)
        for name in ("homeroom", "move_student", "delete_homeroom", "move_homeroom")
    },
    "merge_homerooms": Route(ONLY_MANAGER, _ROOM),
    "targets": Route(ONLY_MANAGER),
    "create_target": Route(ONLY_MANAGER),
    **{
        name: Route(ONLY_MANAGER, _TARGET)
        for name in ("edit_target", "renew_target_secret", "delete_target")
    },
    "oidc_configuration": Route(EVERYBODY, is_outside=True),
    "oidc_jwks": Route(EVERYBODY, is_outside=True),
    "oidc_authorization": Route(SIGNED_IN, is_outside=True),
    "oidc_token": Route(EVERYBODY, is_outside=True, is_protocol=True),
    "oidc_userinfo": Route(EVERYBODY, is_outside=True, is_protocol=True),
    # These ask for a client, or for its token, whoever is signed in.
    "oneroster_token": Route(EVERYBODY, is_outside=True, is_protocol=True),
    "oneroster_sync": Route(EVERYBODY, is_outside=True, is_protocol=True),
    "oneroster_discovery": Route(EVERYBODY, is_outside=True),
    "oneroster": Route(EVERYBODY, {"path": "collection"}, is_outside=True, is_protocol=True),
}  # fmt: skip


def things(world: World, ours: Patron, theirs: Patron) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the addresses name: here, and next door."""
    for name in ("Library administrator", "District patrons manager"):
        for levels in (world.levels, world.neighbour_levels):
            levels[name].permissions.append("rostering.manage")
            if name.startswith("District"):
                levels[name].permissions.append("rostering.manage_targets")
    for levels, organization in (
        (world.levels, world.cascadia), (world.neighbour_levels, world.rainier),
    ):  # fmt: skip
        with open_organization(organization):
            for level in levels.values():
                level.save()
    room = Homeroom.objects.create(organization=world.cascadia, site=world.maple, name="5A")
    target = Target.objects.create(
        organization=world.cascadia, name="Reader", kind="oneroster-rest", client_id="cascadia.1"
    )
    target.sites.add(world.maple)
    with open_organization(world.rainier):
        strange_room = Homeroom.objects.create(
            organization=world.rainier, site=world.fir, name="Theirs"
        )
        strange = Target.objects.create(
            organization=world.rainier, name="Theirs", kind="oneroster-rest", client_id="rainier.1"
        )
    return (
        {
            "room": room.pk,
            "target": target.pk,
            "collection": "users",
            "condition": "student_barcode",
        },
        {
            "room": strange_room.pk,
            "target": strange.pk,
            "collection": "users",
            "condition": "student_barcode",
        },
    )
