"""The queries and actions of homerooms and synchronization."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from openpatron.organizations.models import Site
from openpatron.patrons.models import Homeroom, Patron
from openpatron.rostering import actions, queries

READ: tuple[tuple[ModuleType, str], ...] = ((queries, "rostering"),)
WRITTEN: tuple[tuple[str, ModuleType], ...] = (("rostering", actions),)
QUERIES: dict[str, Callable[..., Any]] = {}
ACTIONS: dict[str, Callable[..., Any]] = {}
# As everybody in test_rostering_pages.py.
ELSEWHERE: set[str] = {
    f"rostering.{name}"
    for name in (
        "create_target", "edit_homeroom", "edit_platform_setup", "export_roster", "forget_gone",
        "give_barcodes", "join_homerooms", "mend_readiness", "merge_homerooms", "move_homeroom",
        "move_student", "move_students", "send_password_links", "sync_site",
    )
}  # fmt: skip
OWN: set[str] = set()


# Whatever organization is opened: what is asked about is of Cascadia.
def _site(patron: Patron) -> Site:
    return Site._base_manager.get(associations__patron=patron)


def _room(patron: Patron) -> Homeroom:
    return Homeroom._base_manager.filter(site=_site(patron)).earliest("pk")


QUERIES |= {
    "rostering.site_to_manage": lambda a, p, _j: queries.site_to_manage(a, _site(p).short_name),
    "rostering.sites_to_manage": lambda a, _p, _j: queries.sites_to_manage(a),
    "rostering.readiness": lambda a, p, _j: queries.readiness(a, _site(p)),
    "rostering.number_failing": lambda a, p, _j: queries.number_failing(
        a, _site(p), "student_barcode"
    ),
    "rostering.homerooms": lambda a, p, _j: queries.homerooms(a, _site(p)),
    "rostering.homeroom": lambda a, p, _j: queries.homeroom(a, _site(p), _room(p).pk),
    "rostering.patrons_in": lambda a, p, _j: queries.patrons_in(a, _room(p)),
    "rostering.co_teachers": lambda a, p, _j: queries.co_teachers(a, _room(p)),
    "rostering.room_history": lambda a, p, _j: queries.room_history(a, _room(p)),
    "rostering.setup_history": lambda a, p, _j: queries.setup_history(a, _site(p)),
    "rostering.runs": lambda a, p, _j: queries.runs(a, _site(p)),
    "rostering.setups": lambda a, _p, _j: queries.setups(a),
    "rostering.sent_here": lambda a, p, _j: queries.sent_here(a, _site(p)),
    "rostering.delivered_counts": lambda a, _p, _j: queries.delivered_counts(a),
    "rostering.receivers": lambda a, p, _j: queries.receivers(a, _site(p)),
    "rostering.targets": lambda a, _p, _j: queries.targets(a),
    "rostering.target": lambda a, _p, _j: queries.target(a, 987_654_321),
    "rostering.target_history": lambda a, _p, _j: queries.target_history(a, 1),
    "rostering.candidates": lambda a, p, _j: queries.candidates(a, _site(p)),
}
