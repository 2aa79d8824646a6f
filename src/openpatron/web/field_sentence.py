"""The sentence of *Change a field*: what each of its places offers, given the words before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.organizations.queries import patron_types
from openpatron.patrons.fields import SETTABLE, SettableField, TieField
from openpatron.patrons.listed import read_list
from openpatron.patrons.models import Patron
from openpatron.patrons.queries import homerooms

from .sentence import Option, Place, Sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openpatron.access.actor import Actor
    from openpatron.access.models import AccessLevel
    from openpatron.organizations.models import Site

_TYPED = {"grade_level": "text", "graduation_year": "number", "expires_on": "date"}


class FieldSentence(Sentence):
    """The words as far as they are there; the list of patrons stands beside them."""

    NAMES: ClassVar[tuple[str, ...]] = (
        "who", "at", "whose", "value", "do", "field", "new", "resource_group",
    )  # fmt: skip

    def __init__(self, actor: Actor, typed: Mapping[str, str], listed: str = "") -> None:
        """``typed``: the form's fields, or the address's, by ``NAMES``."""
        super().__init__(actor, {"who": "at", "do": "set"} | dict(typed))
        self.listed = listed

    @property
    def is_list(self) -> bool:
        """Tell whether the patrons are named by a list."""
        return self._typed["who"] == "list"

    @property
    def clears(self) -> bool:
        """Tell whether the field is cleared."""
        return self._typed["do"] == "clear"

    @property
    def field(self) -> SettableField | None:
        """The chosen field."""
        field = SETTABLE.get(self._typed["field"])
        return None if field is None or (self.clears and not field.may_be_cleared) else field

    @property
    def is_tie(self) -> bool:
        """Tell whether the field is one of the association with a site."""
        return isinstance(self.field, TieField)

    @property
    def to(self) -> Site | None:
        """The site where a level is granted."""
        return self.at

    @property
    def level(self) -> AccessLevel | None:
        """The chosen access level, where it is a level that is set."""
        if self._typed["field"] != "access_level" or self.clears:
            return None
        return next((a for a in self.levels if a.name == self._typed["new"]), None)

    @property
    def number_listed(self) -> int:
        """How many entries the list has."""
        try:
            return len(read_list(self.listed, "listed")) if self.is_list else 0
        except InputError:
            return 0

    def for_ask(self) -> dict[str, str | None]:
        """Return the words as the action takes them."""
        words: dict[str, str | None] = {
            name: self._typed[name] for name in ("at", "field", "new", "resource_group")
        }
        if self.is_list:
            # Where it matters to nobody, no site is asked for.
            return words | {"listed": self.listed, "at": words["at"] if self.is_tie else ""}
        return words | {name: self._typed[name] for name in ("whose", "value")}

    def errors(self) -> dict[str, str]:
        """Return an error for each place that is not filled, or whose value does not occur."""
        asked = {
            "at": _("Choose the site whose patrons are meant."),
            "whose": _("Choose what the patrons have in common."),
            "value": _("Choose a value."),
            "field": _("Choose what is to be changed."),
            "new": _("Choose or type the new value."),
        }
        if self.is_list:
            asked = {name: asked[name] for name in ("field", "new")}
            if not self.listed.strip():
                asked["listed"] = _("Give barcodes or district ids, or choose a file.")
            if self.is_tie:
                asked["at"] = _("Choose the site of the associations.")
        if self.clears:
            del asked["new"]
        found = {
            name: text for name, text in asked.items() if not self._typed.get(name, "").strip()
        }
        return super().value_errors(found) if not self.is_list else found

    def places(self, errors: Mapping[str, str]) -> list[Place]:
        """Return the places that the words before them ask for."""
        found = [
            Place(
                "who",
                _("Who is meant"),
                "",
                [
                    Option("at", _("every patron at")),
                    Option("list", _("the patrons on a list")),
                ],
            ),
            *([] if self.is_list else self.selecting_places()),
            Place(
                "do",
                _("What happens"),
                "",
                [Option("set", _("set the")), Option("clear", _("clear the"))],
            ),
            Place(
                "field",
                _("Field"),
                _("choose a field"),
                [
                    Option(f.name, str(f.label))
                    for f in SETTABLE.values()
                    if f.may_be_cleared or not self.clears
                ],
            ),
        ]
        if self.is_list and self.is_tie:
            found.append(self.site_place())
        if not self.clears:
            found.append(self._new_place())
        if self.level and len(self.groups) > 1:
            found.append(self.group_place())
        for place in found:
            self._choose(place, errors)
        return found

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
        who = self.number_listed if self.is_list else self.value
        return bool(who and self.field and (self.clears or self._typed["new"]))

    @property
    def count(self) -> int:
        """How many patrons, or entries of the list, are selected."""
        if self.is_list:
            return self.number_listed
        return self.value.count if self.value else 0
