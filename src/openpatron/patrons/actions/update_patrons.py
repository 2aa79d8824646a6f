"""Set or clear one field of many patrons.

``ask`` checks the words, ``plan_update`` makes the job; the ledger's engine plans, applies and
undoes it through ``UpdatePatrons``. What a row becomes is decided in ``field_jobs.of_record`` and
``of_tie``; what is allowed in a field in ``fields.py``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.utils.translation import gettext as _, ngettext

from openpatron.access.models import AccessLevel, ResourceGroup
from openpatron.access.queries import access_level_by_name, access_levels, the_group
from openpatron.kernel.errors import InputError
from openpatron.kernel.lookup import the_one
from openpatron.ledger.kinds import Step
from openpatron.ledger.models import Job, State
from openpatron.ledger.planning import make_job
from openpatron.organizations.models import Site
from openpatron.organizations.queries import patron_type_by_name, site_by_short_name
from openpatron.patrons import field_words
from openpatron.patrons.association_words import counted
from openpatron.patrons.field_jobs import FieldJob, at_site, named, of_record, of_tie
from openpatron.patrons.fields import RECORD_FIELDS, SETTABLE, RecordField, TieField
from openpatron.patrons.listed import Entry, read_list, who_is_meant, write_down
from openpatron.patrons.models import Homeroom
from openpatron.patrons.selection import FIELDS, Field, Value, typed_value, value_at

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Cursor, Head, Told, Wording
    from openpatron.ledger.models import Change
    from openpatron.patrons.field_jobs import People, Writing
    from openpatron.patrons.fields import SettableField
    from openpatron.patrons.lines import JobLine

KIND = "update_patrons"
PERMISSION = "patrons.manage_district"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, checked. ``listed`` instead of ``whose`` and ``value``, or they.

    ``stored`` is what the field gets, ``shown`` how a change names it.
    """

    at: Site | None
    whose: Field | None
    value: Value | None
    listed: list[Entry]
    field: SettableField
    stored: Any
    shown: Any
    group: ResourceGroup | None


def ask(
    actor: Actor,
    *,
    field: str,
    new: str = "",
    clear: bool = False,
    at: str = "",
    whose: str = "",
    value: str = "",
    listed: str | None = None,
    resource_group: str = "",
) -> Asked:
    """Check the words, all as typed, and return them as rows and values.

    Patrons are selected by ``at``, ``whose`` and ``value`` (as for add_associations), or by
    ``listed``, a text of barcodes and district ids; then ``at`` is only needed for the fields of
    an association. Raises ``NotAllowedError``, or ``InputError`` with the parameter's name.
    """
    actor.require(PERMISSION)
    chosen = _settable(field)
    site = None
    if at or listed is None or isinstance(chosen, TieField):
        site = site_by_short_name(at, "at")
    selected = None if listed is not None or site is None else _selected(site, whose, value)
    entries = [] if listed is None else read_list(listed, "listed")
    group = None
    stored: Any
    if clear:
        stored, shown = _nothing(chosen)
    elif isinstance(chosen, RecordField):
        stored = chosen.parse(new, "new")
        stored = shown = chosen.shown(stored)
    else:
        assert site is not None  # noqa: S101  asked for above, for a field of an association
        row, group = _row(actor, chosen, site, new, resource_group)
        stored, shown = row.pk, row.name
    return Asked(
        at=site,
        whose=selected[0] if selected else None,
        value=selected[1] if selected else None,
        listed=entries,
        field=chosen,
        stored=stored,
        shown=shown,
        group=group,
    )


def _settable(name: str) -> SettableField:
    if name not in SETTABLE:
        raise InputError(
            "field",
            _("There is no field “%(found)s” that can be set. There are: %(known)s.")
            % {"found": name[:100], "known": ", ".join(SETTABLE)},
        )
    return SETTABLE[name]


def _selected(site: Site, whose: str, value: str) -> tuple[Field, Value]:
    if whose not in FIELDS:
        raise InputError(
            "whose",
            _("Patrons cannot be selected by “%(found)s”. Allowed: %(known)s.")
            % {"found": whose[:100], "known": ", ".join(FIELDS)},
        )
    return FIELDS[whose], value_at(site, FIELDS[whose], value)


def _nothing(chosen: SettableField) -> tuple[Any, Any]:
    if not chosen.may_be_cleared:
        known = ", ".join(f.name for f in SETTABLE.values() if f.may_be_cleared)
        raise InputError(
            "field",
            _("The %(field)s cannot be cleared, only set. These can be cleared: %(known)s.")
            % {"field": chosen.label, "known": known},
        )
    nothing = chosen.nothing if isinstance(chosen, RecordField) else None
    return nothing, nothing


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
    at, whose, value, group = asked.at, asked.whose, asked.value, asked.group
    is_tie = isinstance(asked.field, TieField)
    params = {
        "source": at.pk if at else None,
        "source_name": at.name if at else None,
        "whose": whose.name if whose else None,
        "value": value.stored if value else None,
        "value_name": value.label if value else None,
        "listed": asked.listed,
        "field": asked.field.name,
        # As an edit by hand names it.
        "key": f"{asked.field.name} at {at.short_name}" if at and is_tie else asked.field.name,
        "new": asked.stored,
        "new_name": asked.shown,
        "resource_group": None if group is None else group.pk,
        "resource_group_name": None if group is None else group.name,
    }
    total = len(asked.listed) if value is None else value.count
    return make_job(actor, KIND, params, total, request_key)


class UpdatePatrons(FieldJob):
    """The kind of job: who is selected, what becomes of them, and how to speak of it."""

    name: ClassVar[str] = KIND
    permission: ClassVar[str] = PERMISSION
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

    def people(self, job: Job) -> People:
        """Return those named, or those at a site with a value."""
        if job.params["listed"]:
            return named()
        return at_site(f"{FIELDS[job.params['whose']].column} = %(value)s")

    def writing(self, job: Job) -> Writing:
        """Return how the field is written."""
        field = SETTABLE[job.params["field"]]
        if isinstance(field, RecordField):
            kind = "smallint" if field.name == "graduation_year" else "text"
            becomes = f"JSON_OBJECT('{field.name}', CAST(%(new)s AS {kind}))"
            return of_record((field.name,), becomes)
        if field.name == "access_level":
            return of_tie(field, *self._above(job))
        return of_tie(field, "FALSE", "FALSE")

    def _above(self, job: Job) -> tuple[str, str]:
        """Return as SQL where a level (its group) holds rights that the actor may not grant."""
        actor, site = self.actor(job), _site_of(job)
        levels = [a.pk for a in access_levels() if not actor.may_grant(a.permissions, site)]
        groups = [
            g.pk
            for g in ResourceGroup.objects.filter(site=site)
            if not actor.may_grant(g.permissions, site)
        ]

        def among(column: str, ids: list[int]) -> str:
            return f"{column} IN ({', '.join(map(str, ids))})" if ids else "FALSE"

        def above(group: str, level: str) -> str:
            return (
                f"(CASE WHEN {group} IS NOT NULL THEN {among(group, groups)} "
                f"ELSE {among(level, levels)} END)"
            )

        return (
            above("tie.resource_group_id", "tie.access_level_id"),
            above(
                "CAST(ledger_change.before ->> 'group' AS bigint)",
                "CAST(ledger_change.before ->> 'id' AS bigint)",
            ),
        )

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the next patrons, of the selection or of the list."""
        if not job.params["listed"]:
            return super().plan(job, cursor)
        start = cursor.get("place", 0)
        end = start + settings.OPENPATRON_JOB_BATCH_ROWS
        entries = [(line, key) for line, key in job.params["listed"][start:end]]
        meant = who_is_meant(job, entries, job.params["source"])
        write_down(job, meant.others)
        if meant.patrons:
            listed = json.dumps([[p, place] for place, p in enumerate(meant.patrons)])
            self.plan_batch(job, {"listed": listed, "after": 0, "rows": len(meant.patrons)})
        more = end < len(job.params["listed"])
        return Step(len(entries), {"place": end} if more else None)

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        what = {"field": self._field(job), "new": self._new(job)}
        if job.params["new"] in (None, ""):
            return _("Clear the %(field)s") % what
        return _("Set the %(field)s to %(new)s") % what

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        words = {
            "n": len(job.params["listed"]),
            "source": job.params["source_name"],
            "whose": FIELDS[job.params["whose"]].label if job.params["whose"] else "",
            "value": job.params["value_name"],
            "what": self._what(job),
        }
        if job.params["listed"]:
            text = ngettext(
                "For the patron on a list of %(n)d, %(what)s.",
                "For the patrons on a list of %(n)d, %(what)s.",
                words["n"],
            )
            return text % words
        return _("For every patron at %(source)s whose %(whose)s is %(value)s, %(what)s.") % words

    def _what(self, job: Job) -> str:
        what = {"field": self._field(job), "new": self._new(job)}
        if job.params["new"] in (None, ""):
            return _("clear the %(field)s") % what
        return _("set the %(field)s to %(new)s") % what

    def _field(self, job: Job) -> str:
        label = str(SETTABLE[job.params["field"]].label)
        if job.params["field"] in RECORD_FIELDS:
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
        nobody = _("No patron at %(site)s has %(field)s %(value)s, so there is nothing to do.") % {
            "site": job.params["source_name"],
            "field": FIELDS[job.params["whose"]].label if job.params["whose"] else "",
            "value": job.params["value_name"],
        }
        return field_words.wording(job, nobody=nobody, facts=facts)

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
        return field_words.reason(change, job.params["source_name"] or "")

    def again(self, job: Job) -> dict[str, str]:
        """Return the words of the page; the site by its present name, a list by its job."""
        asked = job.params
        site = Site.objects.filter(pk=asked["source"]).first()
        words = {
            "at": site.short_name if site else "",
            "do": "clear" if asked["new"] in (None, "") else "",
            "whose": asked["whose"],
            "value": "" if asked["listed"] else typed_value(asked),
            "list_of": job.pk if asked["listed"] else "",
            "field": asked["field"],
            "new": asked["new_name"],
            "resource_group": asked["resource_group_name"],
        }
        return {name: str(word) for name, word in words.items() if word not in (None, "")}


def _site_of(job: Job) -> Site:
    return Site.objects.get(pk=job.params["source"])
