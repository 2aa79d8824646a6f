"""Move a school year up: every grade one up, the highest to “graduated”, in one job.

``ask`` checks the words, ``plan_promotion`` makes the job. Which grade follows which is in
``promotion.py``; the statements are those of ``field_jobs.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.ledger.models import Job
from openpatron.ledger.planning import make_job
from openpatron.patrons import field_words, fields
from openpatron.patrons.association_words import counted
from openpatron.patrons.field_jobs import FieldJob, guarded, of_record
from openpatron.patrons.locked_fields import names_of_sources, owned_fields
from openpatron.patrons.models import Patron
from openpatron.patrons.promoted import (
    Promoted,
    again_of,
    choose_promoted,
    people_promoted,
    said_of,
)
from openpatron.patrons.promotion import GRADUATED, highest_of, next_grade
from openpatron.patrons.selection import grades

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openpatron.access.actor import Actor
    from openpatron.kernel.sql import Params
    from openpatron.ledger.kinds import Head, Told, Wording
    from openpatron.ledger.models import Change
    from openpatron.patrons.field_jobs import Writing
    from openpatron.patrons.lines import JobLine
    from openpatron.patrons.people import People

KIND = "promote"
PERMISSION = "patrons.manage_district"


@dataclass(frozen=True, slots=True)
class Rung:
    """One grade that occurs: how many have it, and the next one ("" for none: they stay)."""

    grade: str
    count: int
    following: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, checked; ``status`` and ``expires_on`` are for those who graduate."""

    whom: Promoted
    rungs: list[Rung]
    status: str
    expires_on: date | None


def ladder(actor: Actor, whom: Promoted) -> list[Rung]:
    """Return the grades that occur among them, each with the one that follows.

    The highest is the highest of the organization: a school that ends with grade 5 sends its
    patrons on to grade 6 where there is one.
    """
    actor.require(PERMISSION)
    highest = highest_of(str(v.stored) for v in grades(None))
    found = whom.grades(actor)
    return [Rung(v.typed, v.count, next_grade(v.typed, highest) or "") for v in found]


def ask(
    actor: Actor,
    *,
    following: Mapping[str, str] | None = None,
    status: str = "",
    expires_on: str = "",
    **words: Any,
) -> Asked:
    """Check the words, all as typed. ``words`` are those of ``choose_promoted``: who moves up.

    ``following`` says by hand which grade follows which ("" for none). Raises
    ``NotAllowedError``, or ``InputError`` with the parameter's name.
    """
    actor.require(PERMISSION)
    whom = choose_promoted(actor, **words)
    rungs = ladder(actor, whom)
    by_hand = dict(following or {})
    known = {rung.grade for rung in rungs}
    for grade in by_hand:
        if grade not in known:
            raise InputError(
                "following",
                _("No patron is in grade “%(found)s”. There are: %(known)s.")
                % {"found": grade[:100], "known": ", ".join(r.grade for r in rungs) or "–"},
            )
    rungs = [
        replace(r, following=fields.grade_level(by_hand.get(r.grade, r.following), "following"))
        for r in rungs
    ]
    if all(r.following in {"", r.grade} for r in rungs):
        raise InputError("following", _("No grade is followed by another, so nobody moves up."))
    return Asked(
        whom=whom,
        rungs=rungs,
        status=fields.status(status, "status") if status else "",
        expires_on=fields.day(expires_on, "expires_on") if expires_on else None,
    )


def plan_promotion(actor: Actor, asked: Asked, request_key: str | None = None) -> Job:
    """Make the job whose plan is the preview. Nothing is planned until a worker runs it.

    The same ``request_key`` gives the same job: a form that is sent twice makes one.
    """
    actor.require(PERMISSION)
    moving = [r for r in asked.rungs if r.following not in {"", r.grade}]
    params = asked.whom.params | {
        "steps": [[r.grade, r.following] for r in moving],
        "stay": [r.grade for r in asked.rungs if r not in moving],
        "status": asked.status,
        "expires_on": asked.expires_on.isoformat() if asked.expires_on else None,
        "owners": names_of_sources(),
    }
    total = sum(r.count for r in moving)
    return make_job(actor, KIND, params, total, request_key)


class Promote(FieldJob):
    """The kind of job: who moves where, and what is said of them."""

    name: ClassVar[str] = KIND
    permission: ClassVar[str] = PERMISSION

    def params(self, job: Job) -> Params:
        """Return the steps one by one as well."""
        steps: Params = {}
        for place, (grade, following) in enumerate(job.params["steps"]):
            steps |= {f"grade{place}": grade, f"next{place}": following}
        return super().params(job) | steps

    def people(self, job: Job) -> People:
        """Return the patrons in those grades, of those who are meant."""
        places = range(len(job.params["steps"]))
        whose = f"patron.grade_level IN ({', '.join(f'%(grade{p})s' for p in places)})"
        people = people_promoted(job, self.actor(job), whose)
        # Who was moved by hand after the plan must not be moved once more.
        return replace(people, still="AND patron.grade_level = planned.before ->> 'grade_level'")

    def writing(self, job: Job) -> Writing:
        """Return the next grade, and for who graduates the rest."""
        steps = job.params["steps"]
        following = " ".join(
            f"WHEN %(grade{p})s THEN CAST(%(next{p})s AS text)" for p in range(len(steps))
        )
        leaving = [f"%(grade{p})s" for p, (_g, to) in enumerate(steps) if to == GRADUATED]
        leaves = f"patron.grade_level IN ({', '.join(leaving)})" if leaving else "FALSE"
        becomes = {"grade_level": f"CASE patron.grade_level {following} END"}
        for name in self._names(job)[1:]:
            stays = fields.RECORD_FIELDS[name].read
            becomes[name] = f"CASE WHEN {leaves} THEN CAST(%({name})s AS text) ELSE {stays} END"
        owned = owned_fields(becomes)
        grade = [one.condition for one in owned if one.field == "grade_level"]
        rest = [f"({leaves} AND {one.condition})" for one in owned if one.field != "grade_level"]
        # No step leads to where it begins, so nobody's record stays as it is.
        return guarded(replace(of_record(becomes), reason="''"), grade + rest)

    def _names(self, job: Job) -> tuple[str, ...]:
        asked = job.params
        return ("grade_level", *(n for n in ("status", "expires_on") if asked[n]))

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        if job.params["source"] is None:
            return _("Promote a school year")
        return _("Promote a school year at %s") % str(job.params["source_name"])

    def sentence(self, job: Job) -> str:
        """Return what was asked for, in sentences."""
        steps = ", ".join(f"{grade} → {to}" for grade, to in job.params["steps"])
        said = _("Move %(who)s up: %(steps)s.") % {"who": said_of(job), "steps": steps}
        return " ".join([said, *self._graduates(job)])

    def _graduates(self, job: Job) -> list[str]:
        asked = job.params
        if GRADUATED not in {to for _grade, to in asked["steps"]}:
            return []
        said = []
        if asked["status"]:
            label = Patron.Status(asked["status"]).label
            said.append(_("Who graduates gets the status %(status)s.") % {"status": label})
        if asked["expires_on"]:
            day = date_format(date.fromisoformat(asked["expires_on"]))
            said.append(_("Who graduates expires after %(day)s.") % {"day": day})
        return said

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        facts = [_("%(patrons)s move up.") % {"patrons": counted(job.planned_rows)}]
        if job.params["stay"]:
            stay = ", ".join(job.params["stay"])
            facts.append(_("These grades stay as they are: %(grades)s.") % {"grades": stay})
        nobody = _("Nobody is in these grades, so there is nothing to do.")
        return field_words.wording(job, nobody=nobody, facts=facts, doing=_("Moving patrons up"))

    def heads(self, job: Job) -> tuple[Head, ...]:
        """Return the grade, and what who graduates gets."""
        return tuple(field_words.head(fields.RECORD_FIELDS[n].label) for n in self._names(job))

    def columns(self, job: Job) -> tuple[str, ...]:
        """Return what is written out: further fields as they are afterwards."""
        return (*field_words.COLUMNS, *self._names(job)[1:])

    def line(self, job: Job, row: Change, told: Told) -> JobLine:
        """Return one patron's line."""
        return field_words.line(row, told, {name: name for name in self._names(job)})

    def reason(self, job: Job, change: Change) -> str:
        """Return the reason of a change as a sentence."""
        site = job.params["source_name"] or ""
        return field_words.reason(change, site, job.params.get("owners"))

    def again(self, job: Job) -> dict[str, str]:
        """Return the words of the page."""
        asked = job.params
        words = again_of(job) | {
            "status": asked["status"],
            "expires_on": asked["expires_on"] or "",
        }
        return {k: v for k, v in words.items() if v} | {
            f"to.{grade}": to for grade, to in asked["steps"]
        }
