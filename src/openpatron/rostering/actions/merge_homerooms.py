"""Merge a homeroom into another: everybody moves, and the emptied one is deleted; one job.

Its undo makes the homeroom again, with its number, so that platforms know it by its identifier,
and then puts everybody back. Whoever came into it after the preview keeps it from being deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.ledger.planning import make_job
from openpatron.ledger.record import record_change
from openpatron.patrons import field_words
from openpatron.patrons.association_words import counted
from openpatron.patrons.models import Association, Homeroom, Patron
from openpatron.rostering.actions.edit_homeroom import told
from openpatron.rostering.actions.move_students import FROM_ROOM, MoveStudents, ask, params_of
from openpatron.rostering.models import CoTeacher
from openpatron.rostering.permissions import MANAGE as PERMISSION
from openpatron.rostering.queries import ROOM

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Cursor, Step, Wording
    from openpatron.ledger.models import Job
    from openpatron.organizations.models import Site

KIND = "merge_homerooms"


def merge_homerooms(
    actor: Actor, site: Site, *, of: int, to: int | None, request_key: str | None = None
) -> Job:
    """Make the job whose plan is the preview. The same ``request_key`` gives the same job.

    Raises ``NotAllowedError``, ``NotFoundError``, or ``InputError`` with the word's name.
    """
    actor.require(PERMISSION)
    if to is None:
        raise InputError("to", _("Choose the homeroom that they move to."))
    move = ask(actor, site, way=FROM_ROOM, of=of, to=to)
    if not move.count:
        raise InputError("to", _("Nobody is in this homeroom. Delete it instead."))
    return make_job(actor, KIND, params_of(move), move.count, request_key)


class MergeHomerooms(MoveStudents):
    """The kind of job: moving, and what becomes of the emptied homeroom."""

    name: ClassVar[str] = KIND

    def apply(self, job: Job, cursor: Cursor) -> Step:
        """Move the next patrons; after the last the homeroom is deleted, if it is empty."""
        step = super().apply(job, cursor)
        if step.cursor is None:
            self._delete(job)
        return step

    def undo(self, job: Job, cursor: Cursor) -> Step:
        """Make the homeroom again, then put back the next patrons."""
        if not cursor:
            self._make_again(job)
        return super().undo(job, cursor)

    def _delete(self, job: Job) -> None:
        room = Homeroom.objects.select_for_update().filter(pk=job.params["of"]).first()
        if room is None or Association.objects.filter(homeroom=room).exists():
            return
        others = CoTeacher.objects.filter(homeroom=room).order_by("pk")
        job.params["deleted"] = {
            "name": room.name,
            "supervisor": room.supervisor_id,
            "co_teachers": list(others.values_list("patron", flat=True)),
        }
        record_change(self.actor(job), ROOM, room.pk, told(room), {})
        room.delete()

    def _make_again(self, job: Job) -> None:
        """Make the deleted homeroom, unless its name was given to another meanwhile."""
        was, site = job.params.get("deleted"), job.params["source"]
        taken = was and Homeroom.objects.filter(site=site, name=was["name"]).exists()
        if not was or taken or Homeroom.objects.filter(pk=job.params["of"]).exists():
            return
        here = Patron.objects.filter(associations__site=site)
        room = Homeroom.objects.create(
            pk=job.params["of"],
            organization_id=job.organization_id,
            site_id=site,
            name=was["name"],
            supervisor=here.filter(pk=was["supervisor"]).first(),
        )
        CoTeacher.objects.bulk_create(
            CoTeacher(organization_id=job.organization_id, homeroom=room, patron_id=number)
            for number in here.filter(pk__in=was["co_teachers"]).values_list("pk", flat=True)
        )
        record_change(self.actor(job), ROOM, room.pk, {}, told(room))

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        return _("Merge homeroom %(of)s into %(to)s") % _names(job)

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        return (
            _("Move everybody in %(of)s to homeroom %(to)s at %(site)s, and delete %(of)s.")
            % _names(job)
        )  # fmt: skip

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        words = _names(job) | {"patrons": counted(job.planned_rows)}
        facts = [
            _("%(patrons)s move from %(of)s to %(to)s.") % words,
            _("Then %(of)s is deleted, unless somebody came into it meanwhile.") % words,
            _("Its supervisor and co-teachers do not teach %(to)s because of this.") % words,
        ]
        nobody = _("Nobody is in this homeroom any more. Delete it instead.")
        return field_words.wording(job, nobody=nobody, facts=facts, doing=_("Merging homerooms"))


def _names(job: Job) -> dict[str, Any]:
    asked = job.params
    return {"of": asked["of_name"], "to": asked["new_name"], "site": asked["source_name"]}
