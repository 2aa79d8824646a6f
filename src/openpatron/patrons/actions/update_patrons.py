"""Set or clear one field of many patrons.

``ask`` checks the words, ``plan_update`` makes the job; the ledger's engine plans, applies and
undoes it through ``UpdatePatrons``. What a row becomes is decided in ``field_jobs.of_record`` and
``of_tie``; what is allowed in a field in ``fields.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _

from openpatron.access.models import AccessLevel, ResourceGroup
from openpatron.access.queries import access_level_by_name, the_group
from openpatron.kernel.errors import InputError
from openpatron.kernel.lookup import the_one
from openpatron.ledger.models import Job, State
from openpatron.ledger.planning import make_job
from openpatron.organizations.models import Site
from openpatron.organizations.queries import patron_type_by_name
from openpatron.patrons import field_words
from openpatron.patrons.association_words import counted
from openpatron.patrons.external import OPEN
from openpatron.patrons.field_jobs import guarded, of_code, of_record, of_tie
from openpatron.patrons.fields import (
    LIST_FIELDS,
    SETTABLE,
    TIE_FIELDS,
    ListField,
    RecordField,
    TieField,
)
from openpatron.patrons.levels_above import levels_above
from openpatron.patrons.locked_fields import (
    PROTECT,
    RETURN,
    SKIP,
    Opened,
    checked_answer,
    names_of_sources,
    owned_fields,
)
from openpatron.patrons.models import Homeroom
from openpatron.patrons.whom import (
    Whom,
    WhomJob,
    again_of,
    choose,
    nobody_of,
    said_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Head, Told, Wording
    from openpatron.ledger.models import Change
    from openpatron.patrons.field_jobs import Writing
    from openpatron.patrons.fields import SettableField
    from openpatron.patrons.lines import JobLine

KIND = "update_patrons"
PERMISSION = "patrons.manage_district"

SET, CLEAR, ADD, REMOVE = DOINGS = ("set", "clear", "add", "remove")
"""What may be done: to a field, or with a value of a field that holds several."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, checked.

    ``stored`` is what the field gets, ``shown`` how a change names it; ``owned``: what becomes of
    patrons whose field a source owns (``locked_fields.ANSWERS``).
    """

    whom: Whom
    do: str
    field: SettableField
    stored: Any
    shown: Any
    group: ResourceGroup | None
    owned: str


def ask(
    actor: Actor,
    *,
    field: str,
    new: str = "",
    clear: bool = False,
    do: str = "",
    resource_group: str = "",
    owned: str = "",
    whom: Whom | None = None,
    **words: Any,
) -> Asked:
    """Check the words, all as typed, and return them as rows and values.

    ``do`` is one of ``DOINGS``; ``clear`` says the same as "clear". ``owned`` is one of
    ``locked_fields.ANSWERS``, "" is to skip. ``whom``: who was found already (``by_number``). The
    other words are those of ``whom.choose``; with a list or filters ``at`` is only needed for the
    fields of an association. Raises ``NotAllowedError``, or ``InputError`` with the parameter's
    name.
    """
    actor.require(PERMISSION)
    answer = checked_answer(actor, owned)
    do = do or (CLEAR if clear else SET)
    chosen = settable(do, field)
    meant = whom or choose(actor, **words, needs_site=isinstance(chosen, TieField))
    group = None
    stored: Any
    if do == CLEAR:
        stored = shown = _nothing(chosen)
    elif isinstance(chosen, RecordField):
        stored = shown = chosen.shown(chosen.parse(new, "new"))
    elif isinstance(chosen, ListField):
        stored = shown = chosen.parse(new, "new")
    else:
        assert meant.at is not None  # noqa: S101  asked for above, for a field of an association
        row, group = _row(actor, chosen, meant.at, new, resource_group)
        stored, shown = row.pk, row.name
    return Asked(meant, do, chosen, stored, shown, group, answer)


def settable(do: str, name: str) -> SettableField:
    """Return the field with which that can be done, or raise ``InputError``."""
    known: Mapping[str, SettableField] = LIST_FIELDS if do in {ADD, REMOVE} else SETTABLE
    if do not in DOINGS:
        raise InputError(
            "do",
            _("There is nothing called “%(found)s” to do. Allowed: %(known)s.")
            % {"found": do[:100], "known": ", ".join(DOINGS)},
        )
    if name not in known:
        sentences = {
            SET: _("There is no field “%(found)s” that can be set. There are: %(known)s."),
            ADD: _("Nothing can be added to the field “%(found)s”. It can to: %(known)s."),
            REMOVE: _("Nothing can be removed from the field “%(found)s”. It can from: %(known)s."),
        }
        raise InputError(
            "field",
            sentences.get(do, sentences[SET]) % {"found": name[:100], "known": ", ".join(known)},
        )
    return known[name]


def _nothing(chosen: SettableField) -> Any:
    if not chosen.may_be_cleared:
        known = ", ".join(f.name for f in SETTABLE.values() if f.may_be_cleared)
        raise InputError(
            "field",
            _("The %(field)s cannot be cleared, only set. These can be cleared: %(known)s.")
            % {"field": chosen.label, "known": known},
        )
    return chosen.nothing if isinstance(chosen, RecordField) else None


def _row(
    actor: Actor, chosen: TieField, site: Site, new: str, resource_group: str
) -> tuple[Any, ResourceGroup | None]:
    """Return the row that a field of an association gets, and with a level its group."""
    if chosen.name == "patron_type":
        return patron_type_by_name(new, "new"), None
    if chosen.name == "homeroom":
        return the_one(Homeroom.objects.filter(site=site), "name", new, "new", _("homeroom")), None
    level = access_level_by_name(new, "new")
    group = the_group(site, level, "resource_group", resource_group)
    actor.require_give(level, site, group)
    return level, group


def plan_update(actor: Actor, asked: Asked, request_key: str | None = None) -> Job:
    """Make the job whose plan is the preview. Nothing is planned until a worker runs it.

    The same ``request_key`` gives the same job: a form that is sent twice makes one.
    """
    actor.require(PERMISSION)
    at, group = asked.whom.at, asked.group
    is_tie = isinstance(asked.field, TieField)
    params = asked.whom.params | {
        "do": asked.do,
        "field": asked.field.name,
        # As an edit by hand names it.
        "key": f"{asked.field.name} at {at.short_name}" if at and is_tie else asked.field.name,
        "new": asked.stored,
        "new_name": asked.shown,
        "resource_group": None if group is None else group.pk,
        "resource_group_name": None if group is None else group.name,
        "owned": asked.owned,
        "owners": names_of_sources(),
    }
    return make_job(actor, KIND, params, asked.whom.count, request_key)


class UpdatePatrons(WhomJob):
    """The kind of job: who is selected, what becomes of them, and how to speak of it."""

    name: ClassVar[str] = KIND
    # The list of all updates is called update_patrons.
    page: ClassVar[str] = "change_field"

    def require(self, job: Job) -> None:
        """Check again what ``ask`` checked: the right itself, and that to grant the level."""
        super().require(job)
        if job.state != State.UNDOING and job.params["field"] == "access_level":
            level = AccessLevel.objects.get(pk=job.params["new"])
            group = job.params["resource_group"]
            of_group = None if group is None else ResourceGroup.objects.get(pk=group)
            self.actor(job).require_give(level, _site_of(job), of_group)
        if job.state != State.UNDOING and job.params.get("owned", SKIP) != SKIP:
            self.actor(job).require(OPEN)

    def writing(self, job: Job) -> Writing:
        """Return how the field is written, for patrons whose source does not own it or for all."""
        writing, owned = self._writing(job), owned_fields([job.params["field"]])
        if not owned or job.params["field"] == "language":
            return writing
        answer = job.params.get("owned", SKIP)
        if answer in {RETURN, PROTECT}:
            by = self.actor(job).account_id
            return replace(writing, opened=Opened(tuple(owned), answer == PROTECT, by), at_once="")
        return guarded(writing, [one.condition for one in owned])

    def _writing(self, job: Job) -> Writing:
        if job.params["field"] in LIST_FIELDS:
            return of_code(adds=job.params["do"] == ADD)
        field = SETTABLE[job.params["field"]]
        if isinstance(field, RecordField):
            kind = "smallint" if field.name == "graduation_year" else "text"
            return of_record({field.name: f"CAST(%(new)s AS {kind})"})
        if field.name == "access_level":
            above = levels_above(self.actor(job), _site_of(job))
            before = "CAST(ledger_change.before ->> '{}' AS bigint)"
            return of_tie(
                field,
                above("tie.resource_group_id", "tie.access_level_id"),
                above(before.format("group"), before.format("id")),
            )
        return of_tie(field, "FALSE", "FALSE")

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        said = {
            SET: _("Set the %(field)s to %(new)s"),
            CLEAR: _("Clear the %(field)s"),
            ADD: _("Add the %(field)s %(new)s"),
            REMOVE: _("Remove the %(field)s %(new)s"),
        }
        return said[_doing(job)] % {"field": self._field(job), "new": self._new(job)}

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        said = {
            SET: _("For %(who)s, set the %(field)s to %(new)s."),
            CLEAR: _("For %(who)s, clear the %(field)s."),
            ADD: _("For %(who)s, add the %(field)s %(new)s."),
            REMOVE: _("For %(who)s, remove the %(field)s %(new)s."),
        }
        words = {"who": said_of(job), "field": self._field(job), "new": self._new(job)}
        return said[_doing(job)] % words

    def _field(self, job: Job) -> str:
        label = str((LIST_FIELDS | SETTABLE)[job.params["field"]].label)
        if job.params["field"] not in TIE_FIELDS:
            return label
        return _("%(field)s at %(site)s") % {"field": label, "site": job.params["source_name"]}

    def _new(self, job: Job) -> str:
        return field_words.value_words(job.params["field"], job.params["new_name"])

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        fact = {"patrons": counted(job.planned_rows), "what": self.title(job)}
        facts = [_("%(what)s for %(patrons)s.") % fact]
        if job.params["resource_group_name"]:
            facts.append(
                _("At %(site)s they are in the resource group %(group)s.")
                % {
                    "site": job.params["source_name"],
                    "group": job.params["resource_group_name"],
                }
            )
        facts += [_OWNED[job.params["owned"]]()] if job.params.get("owned") in _OWNED else []
        return field_words.wording(job, nobody=nobody_of(job), facts=facts)

    def heads(self, job: Job) -> tuple[Head, ...]:
        """Return the one field."""
        return (field_words.head(self._field(job)),)

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  always the same
        """Return what is written out."""
        return field_words.COLUMNS

    def line(self, job: Job, row: Change, told: Told) -> JobLine:
        """Return one patron's line."""
        return field_words.line(row, told, {job.params["key"]: job.params["field"]})

    def reason(self, job: Job, change: Change) -> str:
        """Return the reason of a change as a sentence."""
        site = job.params["source_name"] or ""
        return field_words.reason(change, site, job.params.get("owners"))

    def again(self, job: Job) -> dict[str, str]:
        """Return the words of the page."""
        asked = job.params
        words = again_of(job) | {
            "do": "" if _doing(job) == SET else _doing(job),
            "field": asked["field"],
            "new": asked["new_name"],
            "resource_group": asked["resource_group_name"],
            "owned": "" if asked.get("owned", SKIP) == SKIP else asked["owned"],
        }
        return {name: str(word) for name, word in words.items() if word not in (None, "")}


# Functions, because the language is only known when somebody reads.
_OWNED = {
    RETURN: lambda: _("Where a source owns the field, its value comes back with its next feed."),
    PROTECT: lambda: _("Where a source owns the field, it becomes protected: feeds leave it."),
}


def _doing(job: Job) -> str:
    # A job from before fields that hold several values does not say it.
    return str(job.params.get("do") or (CLEAR if job.params["new"] in (None, "") else SET))


def _site_of(job: Job) -> Site:
    return Site.objects.get(pk=job.params["source"])
