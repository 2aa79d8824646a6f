"""The sentence of *Change a field*: what each of its places offers, given the words before it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _

from openpatron.organizations.queries import patron_types
from openpatron.patrons.actions.update_patrons import ADD, CLEAR, REMOVE, SET
from openpatron.patrons.external import OPEN
from openpatron.patrons.fields import (
    LIST_FIELDS,
    SETTABLE,
    SettableField,
    TieField,
)
from openpatron.patrons.locked_fields import PROTECT, RETURN, SKIP, owned_fields
from openpatron.patrons.models import Patron
from openpatron.patrons.queries import homerooms

from .personal_words import languages
from .sentence import Option, Place
from .who_sentence import WHO, WhoSentence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openpatron.access.actor import Actor
    from openpatron.access.models import AccessLevel
    from openpatron.organizations.models import Site

_TYPED = {
    "grade_level": "text",
    "graduation_year": "number",
    "expires_on": "date",
    "local_code": "text",
}


class FieldSentence(WhoSentence):
    """Whom, then the field, and what happens to it."""

    NAMES: ClassVar[tuple[str, ...]] = (
        *WHO, "do", "field", "new", "resource_group", "owned",
    )  # fmt: skip

    def __init__(self, actor: Actor, typed: Mapping[str, str], listed: str = "") -> None:
        """``typed``: the form's fields, or the address's, by ``NAMES``."""
        super().__init__(actor, {"do": SET} | dict(typed), listed)

    @property
    def do(self) -> str:
        """What happens to the field."""
        return self._typed["do"] if self._typed["do"] in {CLEAR, ADD, REMOVE} else SET

    @property
    def fields(self) -> list[SettableField]:
        """The fields with which that can be done."""
        if self.do in {ADD, REMOVE}:
            return list(LIST_FIELDS.values())
        return [f for f in SETTABLE.values() if f.may_be_cleared or self.do == SET]

    @property
    def field(self) -> SettableField | None:
        """The chosen field."""
        return next((f for f in self.fields if f.name == self._typed["field"]), None)

    @property
    def is_tie(self) -> bool:
        """Tell whether the field is one of the association with a site."""
        return isinstance(self.field, TieField)

    @property
    def needs_site(self) -> bool:
        """Tell whether the site of the associations has to be named."""
        return self.is_tie

    @property
    def to(self) -> Site | None:
        """The site where a level is granted."""
        return self.at

    @property
    def level(self) -> AccessLevel | None:
        """The chosen access level, where it is a level that is set."""
        if self._typed["field"] != "access_level" or self.do != SET:
            return None
        return next((a for a in self.levels if a.name == self._typed["new"]), None)

    def for_ask(self) -> dict[str, Any]:
        """Return the words as the action takes them."""
        names = ("field", "new", "resource_group", "owned")
        return self.whom | {"do": self.do} | {name: self._typed[name] for name in names}

    def errors(self) -> dict[str, str]:
        """Return an error for each place that is not filled, or whose value does not occur."""
        asked = {"field": _("Choose what is to be changed.")}
        if self.do != CLEAR:
            asked["new"] = _("Choose or type the new value.")
        return self.missing(asked)

    def places(self, errors: Mapping[str, str]) -> list[Place]:
        """Return the places that the words before them ask for."""
        doing = [
            Option(SET, _("set the")),
            Option(CLEAR, _("clear the")),
            Option(ADD, _("add the")),
            Option(REMOVE, _("remove the")),
        ]
        fields = [Option(f.name, str(f.label)) for f in self.fields]
        places = [
            *self.who_places(),
            Place("do", _("What happens"), "", doing),
            Place("field", _("Field"), _("choose a field"), fields),
        ]
        if self.do != CLEAR:
            places.append(self._new_place())
        if self.level and len(self.groups) > 1:
            places.append(self.group_place())
        if self.is_owned:
            places.append(self._owned_place())
        return self.chosen_places(places, errors)

    @cached_property
    def is_owned(self) -> bool:
        """Tell whether a source owns the field of some patrons, and the actor may open them."""
        name = self._typed["field"]
        opens = bool(name) and name != "language" and self._actor.may(OPEN)
        return opens and bool(owned_fields([name]))

    def _owned_place(self) -> Place:
        """Return what may become of patrons whose field a source owns."""
        answers = [
            Option(SKIP, _("leave it")),
            Option(RETURN, _("change it; the source's value comes back with its next feed")),
            Option(PROTECT, _("change and protect it; feeds leave it")),
        ]
        return Place("owned", _("Where a source owns the field"), "", answers)

    def _new_place(self) -> Place:
        """Return the place of the new value: a list, or something to type in."""
        name = self.field.name if self.field else ""
        place = Place("new", _("New value"), _("choose a value"), kind=_TYPED.get(name, "select"))
        if not name:
            place.waits = _("first the field")
        elif self.is_tie and self.at is None:
            place.waits = _("first the site")
        elif name == "status":
            place.options = [Option(s.value, str(s.label)) for s in Patron.Status]
        elif name == "language":
            place.options = [Option(code, label) for code, label in languages()]
        elif name == "patron_type":
            place.options = [Option(t.name, t.name) for t in patron_types()]
        elif name == "access_level":
            place.options = [Option(a.name, a.name) for a in self.levels]
        elif name == "homeroom" and self.at:
            place.options = [Option(r.name, r.name) for r in homerooms(self.at)]
        return place

    @property
    def is_complete(self) -> bool:
        """Tell whether every place is filled."""
        return bool(self.count and self.field and (self.do == CLEAR or self._typed["new"]))
