"""The sentence of *Add associations*: what each of its places offers, given the words before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _

from openpatron.access.queries import access_levels, resource_groups
from openpatron.access.registry import permission
from openpatron.organizations.models import Site
from openpatron.organizations.queries import patron_types, sites
from openpatron.patrons.queries import patrons_per_site
from openpatron.patrons.selection import FIELDS, Value, values_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from openpatron.access.actor import Actor
    from openpatron.access.models import AccessLevel, ResourceGroup


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: what is sent, what is shown, and for how many patrons it stands."""

    value: str
    label: str
    count: int | None = None


@dataclass(slots=True)
class Place:
    """One place of the sentence: its choices, and the chosen one ("" where none is).

    ``waits`` says what has to be chosen first, where there are no choices for that reason.
    ``kind`` is "select", or the type of a field to type in.
    """

    name: str
    label: str
    prompt: str
    options: list[Option] = field(default_factory=list)
    chosen: str = ""
    waits: str = ""
    error: str = ""
    kind: str = "select"


class Sentence:
    """The words as far as they are there; those that no longer stand in a list are left out."""

    NAMES: ClassVar[tuple[str, ...]] = (
        "at",
        "whose",
        "value",
        "to",
        "patron_type",
        "access_level",
        "resource_group",
    )

    def __init__(self, actor: Actor, typed: Mapping[str, str]) -> None:
        """``typed``: the form's fields, or the address's, by ``NAMES``."""
        self._actor = actor
        self._typed = {name: typed.get(name, "") for name in self.NAMES}

    @property
    def words(self) -> dict[str, str]:
        """The words as they were typed, for ``ask``."""
        return dict(self._typed)

    def errors(self) -> dict[str, str]:
        """Return an error for each place that is not filled, or whose value does not occur."""
        asked = {
            "at": _("Choose the site whose patrons are meant."),
            "whose": _("Choose what the patrons have in common."),
            "value": _("Choose a value."),
            "to": _("Choose the site to associate them with."),
            "patron_type": _("Choose the patron type they get there."),
            "access_level": _("Choose the access level they get there."),
        }
        return self.value_errors({n: text for n, text in asked.items() if not self._typed[n]})

    def value_errors(self, found: dict[str, str]) -> dict[str, str]:
        """Add what is wrong with a value that is filled in but does not occur."""
        at, field_name = self.at, self._typed["whose"]
        if "value" not in found and at and field_name in FIELDS and self.value is None:
            found["value"] = _("No patron at %(site)s has this %(field)s now.") % {
                "site": at.name,
                "field": FIELDS[field_name].label,
            }
        return found

    def places(self, errors: Mapping[str, str]) -> list[Place]:
        """Return all places; what was typed and is not in its list is kept beside an error."""
        found = [
            *self.selecting_places(),
            Place("to", _("New site"), _("choose a site"), self._site_options(self.targets)),
            Place(
                "patron_type",
                _("Patron type there"),
                _("choose a patron type"),
                [Option(t.name, t.name) for t in patron_types()],
            ),
            Place(
                "access_level",
                _("Access level there"),
                _("choose an access level"),
                [Option(a.name, a.name) for a in self.levels],
                waits="" if self.to else _("first the new site"),
            ),
        ]
        if len(self.groups) > 1:
            found.append(self.group_place())
        for place in found:
            self._choose(place, errors)
        return found

    def site_place(self) -> Place:
        """Return the place of the site whose patrons are meant."""
        options = self._site_options(self.sources)
        return Place("at", _("Site of the patrons"), _("choose a site"), options)

    def selecting_places(self) -> list[Place]:
        """Return the places that say who is selected."""
        field_name = self._typed["whose"]
        return [
            self.site_place(),
            Place(
                "whose",
                _("Selected by"),
                _("choose what"),
                [Option(f.name, str(f.label)) for f in FIELDS.values()],
            ),
            Place(
                "value",
                str(FIELDS[field_name].label) if field_name in FIELDS else _("Value"),
                _("choose a value"),
                [Option(v.typed, v.label, v.count) for v in self.values],
                waits="" if self.at and field_name in FIELDS else _("first the site, and what"),
            ),
        ]

    def group_place(self) -> Place:
        """Return the place of the resource group, where the level leads to several."""
        return Place(
            "resource_group",
            _("Resource group"),
            _("choose a resource group"),
            [Option(g.name, g.name) for g in self.groups],
        )

    def _choose(self, place: Place, errors: Mapping[str, str]) -> None:
        typed = self._typed[place.name]
        if place.kind != "select":
            place.chosen = typed
        place.error = errors.get(place.name, "")
        if typed in {o.value for o in place.options}:
            place.chosen = typed
        elif typed and place.error:
            place.options.append(Option(typed, typed))
            place.chosen = typed

    @cached_property
    def _sites(self) -> list[Site]:
        return list(sites())

    @cached_property
    def sources(self) -> list[Site]:
        """The sites whose patrons can be selected."""
        return [s for s in self._sites if s.kind != Site.Kind.MEDIA]

    @property
    def targets(self) -> list[Site]:
        """The sites that patrons can be associated with: not the one where they are."""
        return [s for s in self.sources if s != self.at]

    @property
    def media_sites(self) -> list[Site]:
        """The sites that stand in neither list."""
        return [s for s in self._sites if s.kind == Site.Kind.MEDIA]

    @property
    def media_names(self) -> str:
        """Their names, for a sentence."""
        return ", ".join(s.name for s in self.media_sites)

    @property
    def lacks_values(self) -> bool:
        """Tell whether site and field are chosen, and nobody there has a value."""
        return self.at is not None and self._typed["whose"] in FIELDS and not self.values

    @property
    def hides_levels(self) -> bool:
        """Tell whether there are levels that the actor may not grant at the target."""
        return self.to is not None and len(self.levels) < len(self._all_levels)

    @property
    def at(self) -> Site | None:
        """The chosen source."""
        return next((s for s in self.sources if s.short_name == self._typed["at"]), None)

    @property
    def to(self) -> Site | None:
        """The chosen target."""
        return next((s for s in self.targets if s.short_name == self._typed["to"]), None)

    @cached_property
    def values(self) -> list[Value]:
        """The values of the chosen field that occur at the chosen source."""
        at, name = self.at, self._typed["whose"]
        return values_at(at, FIELDS[name]) if at and name in FIELDS else []

    @property
    def value(self) -> Value | None:
        """The chosen value."""
        return next((v for v in self.values if v.typed == self._typed["value"]), None)

    @cached_property
    def _all_groups(self) -> list[ResourceGroup]:
        to = self.to
        if to is None or to.kind != Site.Kind.RESOURCE:
            return []
        groups = resource_groups(to).select_related("access_level")
        return [g for g in groups if self._actor.may_give(g.access_level, to, g)]

    @cached_property
    def _all_levels(self) -> list[AccessLevel]:
        return list(access_levels())

    @cached_property
    def levels(self) -> list[AccessLevel]:
        """The access levels that the actor may grant at the target."""
        to = self.to
        if to is None:
            return []
        grouped = {g.access_level_id for g in self._all_groups}
        return [a for a in self._all_levels if a.pk in grouped or self._actor.may_give(a, to)]

    @property
    def level(self) -> AccessLevel | None:
        """The chosen access level."""
        return next((a for a in self.levels if a.name == self._typed["access_level"]), None)

    @property
    def groups(self) -> list[ResourceGroup]:
        """The resource groups that the chosen level leads to at the target."""
        level = self.level
        return [g for g in self._all_groups if level and g.access_level_id == level.pk]

    @property
    def group(self) -> ResourceGroup | None:
        """The resource group the patrons will be in: the only one, or the chosen one."""
        groups = self.groups
        if len(groups) == 1:
            return groups[0]
        return next((g for g in groups if g.name == self._typed["resource_group"]), None)

    @property
    def permissions(self) -> list[str]:
        """What the patrons may do at the target, in words: by the group, else by the level."""
        rights = self.group or self.level
        return [] if rights is None else _labels(rights.permissions)

    @property
    def is_complete(self) -> bool:
        """Tell whether every place is filled."""
        chosen = (self.value, self.to, self._typed["patron_type"], self.level)
        return all(chosen) and (self.group is not None or not self.groups)

    def _site_options(self, found: Iterable[Site]) -> list[Option]:
        return [Option(s.short_name, s.name, self._patrons.get(s.pk, 0)) for s in found]

    @cached_property
    def _patrons(self) -> dict[int, int]:
        return patrons_per_site(self._actor)


def _labels(names: Iterable[str]) -> list[Any]:
    return sorted(str(permission(name).label) for name in names)
