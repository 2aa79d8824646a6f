"""The queries and actions of the reading community: who may follows from roles that were pulled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import ModuleType
from typing import Any

from openpatron.reading import actions, queries
from openpatron.reading.actions.edit_group import renew_code
from openpatron.reading.actions.edit_school import WantedSchool, edit_school
from openpatron.reading.actions.join_group import join_group
from openpatron.reading.actions.log_reading import Entry, log_reading
from openpatron.reading.actions.move_readers import move_readers
from openpatron.reading.models import School
from openpatron.reading.queries import Wanted

READ: tuple[tuple[ModuleType, str], ...] = ((queries, "reading"),)
WRITTEN: tuple[tuple[str, ModuleType], ...] = (("reading", actions),)
QUERIES: dict[str, Callable[..., Any]] = {
    "reading.history": lambda a, _p, _j: queries.history(a),
    "reading.connected": lambda a, _p, _j: queries.connected(a),
    "reading.own_groups": lambda a, _p, _j: queries.own_groups(a),
    "reading.own_log": lambda a, _p, _j: queries.own_log(a),
    "reading.groups": lambda a, _p, _j: queries.groups(a),
    "reading.progress": lambda a, _p, _j: queries.progress(a, 1),
    "reading.teachers": lambda a, _p, _j: queries.teachers(a, 1),
    "reading.students": lambda a, _p, _j: queries.students(a, 1, Wanted()),
    "reading.not_found": lambda a, _p, _j: queries.not_found(a, 1, "ada"),
    "reading.school_groups": lambda a, _p, _j: queries.school_groups(a, 1),
    "reading.moves": lambda a, _p, _j: queries.moves(a, 1),
    "reading.set_back": lambda a, _p, _j: queries.set_back(a, School(pk=1)),
    "reading.whom_to_ask": lambda a, _p, _j: queries.whom_to_ask(a),
    "reading.roles": lambda a, _p, _j: queries.roles(a),
}
ACTIONS: dict[str, Callable[..., Any]] = {
    "reading.edit_group": lambda a, _p, _j: renew_code(a, 1),
    "reading.edit_school": lambda a, _p, _j: edit_school(
        a, 1, WantedSchool(managed_here=True, may_leave=True, library_contact="", contact="")
    ),
    "reading.join_group": lambda a, _p, _j: join_group(a, "CDEFGHJK"),
    "reading.log_reading": lambda a, _p, _j: log_reading(a, Entry("Emma", date(2026, 1, 1), 5)),
    "reading.move_readers": lambda a, _p, _j: move_readers(a, 1, [1], 1),
}
# ``connect_provider`` and ``pull_roster`` as everybody in test_reading_sync.py; ``note_sign_in``
# writes nothing for who is nobody in the community.
ELSEWHERE: set[str] = {
    "reading.connect_provider", "reading.pull_roster", "reading.note_sign_in",
}  # fmt: skip
OWN: set[str] = set()
