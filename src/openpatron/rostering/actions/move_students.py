"""Move many students to a homeroom, or out of one; a job like the others, with its way back.

They are named by a list of cards or district ids, by the homeroom that they are in, or by having
none at all. Asking takes the right to manage homerooms in the whole organization, as confirming
and undoing do; a librarian of one site moves students by their cards (``move_student``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _, ngettext

from openpatron.kernel.errors import InputError
from openpatron.ledger.models import Job
from openpatron.ledger.planning import make_job
from openpatron.patrons import field_words
from openpatron.patrons.association_words import counted
from openpatron.patrons.field_jobs import guarded, of_tie
from openpatron.patrons.fields import TIE_FIELDS
from openpatron.patrons.listed import Entry, read_list
from openpatron.patrons.locked_fields import names_of_sources, owned_fields
from openpatron.patrons.models import Association, Homeroom
from openpatron.patrons.people import at_site, named
from openpatron.patrons.whom import plan_listed
from openpatron.rostering.homeroom_job import HomeroomJob
from openpatron.rostering.permissions import MANAGE as PERMISSION
from openpatron.rostering.queries import homeroom as find_homeroom
from openpatron.rostering.roster import SiteRoster
from openpatron.rostering.setups import setup_of

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Cursor, Step, Wording
    from openpatron.ledger.models import Change
    from openpatron.organizations.models import Site
    from openpatron.patrons.field_jobs import Writing
    from openpatron.patrons.people import People

KIND = "move_students"
LISTED, FROM_ROOM, WITHOUT = WAYS = ("listed", "room", "without")
"""By a list, everybody of a homeroom, or the students who have none."""


@dataclass(frozen=True, slots=True)
class Move:
    """What was asked for, checked. ``to`` None: they are in no homeroom any more."""

    site: Site
    way: str
    to: Homeroom | None
    of: Homeroom | None
    listed: list[Entry]
    count: int


def ask(
    actor: Actor, site: Site, *, way: str, to: int | None, of: int | None = None, listed: str = ""
) -> Move:
    """Check the words. Raises ``NotAllowedError``, or ``InputError`` with the word's name."""
    actor.require(PERMISSION)
    if way not in WAYS:
        raise InputError("way", _("Choose which students are moved."))
    target = None if to is None else find_homeroom(actor, site, to)
    source = None
    entries: list[Entry] = []
    if way == LISTED:
        entries = read_list(listed, "listed")
        count = len(entries)
    elif way == FROM_ROOM:
        if of is None:
            raise InputError("of", _("Choose the homeroom whose students are moved."))
        source = find_homeroom(actor, site, of)
        if source == target:
            raise InputError("to", _("They are in that homeroom already. Choose another."))
        count = Association.objects.filter(homeroom=source).count()
    else:
        if target is None:
            raise InputError("to", _("Choose the homeroom that they get."))
        count = len(without_homeroom(site))
    return Move(site, way, target, source, entries, count)


def without_homeroom(site: Site) -> list[int]:
    """Return the numbers of the students of a site who are in no homeroom."""
    students = SiteRoster(setup_of(site)).people()
    return [
        one.facts.patron_id
        for one in students
        if one.facts.role == "student" and not one.facts.in_homeroom
    ]


def plan_move(actor: Actor, move: Move, request_key: str | None = None) -> Job:
    """Make the job whose plan is the preview. The same ``request_key`` gives the same job."""
    actor.require(PERMISSION)
    return make_job(actor, KIND, params_of(move), move.count, request_key)


def params_of(move: Move) -> dict[str, Any]:
    """Return what the job keeps of it."""
    site, to, of = move.site, move.to, move.of
    setup = setup_of(site)
    return {
        "source": site.pk,
        "source_name": site.name,
        "key": f"homeroom at {site.short_name}",
        "way": move.way,
        "new": None if to is None else to.pk,
        "new_name": None if to is None else to.name,
        "of": None if of is None else of.pk,
        "of_name": None if of is None else of.name,
        "listed": move.listed,
        "student_types": setup.student_types,
        "student_levels": setup.student_levels,
        "owners": names_of_sources(),
    }


class MoveStudents(HomeroomJob):
    """The kind of job: who is moved, where to, and how to speak of it."""

    name: ClassVar[str] = KIND
    permission: ClassVar[str] = PERMISSION
    page: ClassVar[str] = "rostering"

    def people(self, job: Job) -> People:
        """Return who is moved."""
        asked = job.params
        if asked["way"] == LISTED:
            return named()
        if asked["way"] == FROM_ROOM:
            return at_site("source.homeroom_id = %(of)s")
        types = ", ".join(str(int(one)) for one in asked["student_types"]) or "NULL"
        levels = ", ".join(str(int(one)) for one in asked["student_levels"]) or "NULL"
        return at_site(
            "source.homeroom_id IS NULL AND patron.status <> 'inactive' "
            f"AND source.patron_type_id IN ({types}) AND source.access_level_id IN ({levels})"
        )

    def writing(self, job: Job) -> Writing:  # noqa: ARG002  the same for all
        """Return how the homeroom is written, where no source owns it."""
        writing = of_tie(TIE_FIELDS["homeroom"], "FALSE", "FALSE")
        return guarded(writing, [one.condition for one in owned_fields(["homeroom"])])

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the next patrons, of the list or of the homeroom."""
        if job.params["way"] != LISTED:
            return super().plan(job, cursor)
        return plan_listed(job, cursor, self.plan_batch)

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        if job.params["new_name"] is None:
            return _("Empty homeroom %s") % (job.params["of_name"] or "")
        return _("Move students to %s") % str(job.params["new_name"])

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        asked = job.params
        n = len(asked["listed"])
        who = {
            LISTED: ngettext("the patron on a list of %d", "the patrons on a list of %d", n) % n
            if n
            else "",
            FROM_ROOM: _("everybody in %s") % asked["of_name"],
            WITHOUT: _("every student without a homeroom"),
        }[asked["way"]]
        words = {"who": who, "room": asked["new_name"], "site": asked["source_name"]}
        if asked["new_name"] is None:
            return _("Take %(who)s out of the homeroom at %(site)s.") % words
        return _("Move %(who)s to homeroom %(room)s at %(site)s.") % words

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        words = {"what": self.title(job), "patrons": counted(job.planned_rows)}
        facts = [_("%(what)s: %(patrons)s.") % words]
        nobody = _("Nobody is selected, so there is nothing to do.")
        return field_words.wording(job, nobody=nobody, facts=facts, doing=_("Moving students"))

    def reason(self, job: Job, change: Change) -> str:
        """Return the reason of a change as a sentence."""
        asked = job.params
        return field_words.reason(change, asked["source_name"], asked.get("owners"))

    def again(self, job: Job) -> dict[str, str]:  # noqa: ARG002  the page begins anew
        """Return no words: the page is the site's own."""
        return {}
