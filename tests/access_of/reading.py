"""The queries and actions of the reading community: who may follows from roles that were pulled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import ModuleType
from typing import Any

from openpatron.reading import actions, logs, queries, students
from openpatron.reading.actions.archive_group import archive_group
from openpatron.reading.actions.edit_group import renew_code
from openpatron.reading.actions.edit_school import WantedSchool, edit_school
from openpatron.reading.actions.join_group import join_group
from openpatron.reading.actions.log_reading import Entry, log_reading
from openpatron.reading.actions.move_readers import move_readers
from openpatron.reading.actions.teach_group import add_teacher
from openpatron.reading.models import School
from openpatron.reading.students import Chosen, Wanted

READ: tuple[tuple[ModuleType, str], ...] = (
    (queries, "reading"), (logs, "reading_logs"), (students, "reading_students"),
)  # fmt: skip
WRITTEN: tuple[tuple[str, ModuleType], ...] = (("reading", actions),)
QUERIES: dict[str, Callable[..., Any]] = {
    "reading.history": lambda a, _p, _j: queries.history(a),
    "reading.standing": lambda a, _p, _j: queries.standing(a),
    "reading.connected": lambda a, _p, _j: queries.connected(a),
    "reading.own_groups": lambda a, _p, _j: queries.own_groups(a),
    "reading.groups": lambda a, _p, _j: queries.groups(a),
    "reading.groups_of": lambda a, _p, _j: queries.groups_of(a, 1),
    "reading.archived": lambda a, _p, _j: queries.archived(a),
    "reading.printed_group": lambda a, _p, _j: queries.printed_group(a, 1),
    "reading.printed_groups": lambda a, _p, _j: queries.printed_groups(a, 1),
    "reading.teachers": lambda a, _p, _j: queries.teachers(a, 1),
    "reading.possible_teachers": lambda a, _p, _j: queries.possible_teachers(a, 1),
    "reading.set_back": lambda a, _p, _j: queries.set_back(a, School(pk=1)),
    "reading.whom_to_ask": lambda a, _p, _j: queries.whom_to_ask(a),
    "reading.roles": lambda a, _p, _j: queries.roles(a),
    "reading_logs.own_log": lambda a, _p, _j: logs.own_log(a),
    "reading_logs.own_reading": lambda a, _p, _j: logs.own_reading(a).books,
    "reading_logs.progress": lambda a, _p, _j: logs.progress(a, 1),
    "reading_students.students": lambda a, _p, _j: students.students(a, 1, Wanted()),
    "reading_students.school_groups": lambda a, _p, _j: students.school_groups(a, 1),
    "reading_students.moves": lambda a, _p, _j: students.moves(a, 1),
    "reading_students.plan_move": lambda a, _p, _j: students.plan_move(a, 1, Chosen(), 1),
}
ACTIONS: dict[str, Callable[..., Any]] = {
    "reading.archive_group": lambda a, _p, _j: archive_group(a, 1),
    "reading.teach_group": lambda a, _p, _j: add_teacher(a, 1, 1),
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
