"""The beginning of the sentences of updates: whom they are about, in one of four ways."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl

from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.patrons.list_words import ListWords
from openpatron.patrons.listed import read_list
from openpatron.patrons.queries import number_of_patrons
from openpatron.patrons.saved_lists import saved_lists

from .sentence import Option, Place, Sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openpatron.access.actor import Actor

WHO = ("who", "at", "whose", "value", "saved", "found")
AT, LIST, SAVED, FOUND = "at", "list", "saved", "found"


def filters_said(words: ListWords) -> str:
    """Return the filters of a list in words."""
    said = ", ".join(f"{label}: {value}" for label, value in words.said)
    return said or _("all patrons")


class WhoSentence(Sentence):
    """The words as far as they are there; a list of patrons stands beside them.

    ``found`` are the filters of the list of patrons, as one word. Subclass and add what happens.
    """

    NAMES: ClassVar[tuple[str, ...]] = WHO

    def __init__(self, actor: Actor, typed: Mapping[str, str], listed: str = "") -> None:
        """``typed``: the form's fields, or the address's, by ``NAMES``."""
        super().__init__(actor, {"who": AT} | dict(typed))
        self.listed = listed

    @property
    def _who(self) -> str:
        return self._typed["who"]

    @property
    def is_list(self) -> bool:
        """Tell whether the patrons are named by a list."""
        return self._who == LIST

    @property
    def is_by_value(self) -> bool:
        """Tell whether the patrons of a site with a value are meant."""
        return self._who not in {LIST, SAVED, FOUND}

    @property
    def needs_site(self) -> bool:
        """Tell whether a site has to be named also for who is not selected by one."""
        return False

    @property
    def found_text(self) -> str:
        """The filters of the list, as they are sent along."""
        return self._typed["found"]

    @cached_property
    def _list_words(self) -> ListWords | None:
        """The filters of the list, or of the saved list, where they are some."""
        if self._who == FOUND:
            return ListWords(self._actor, dict(parse_qsl(self._typed["found"])))
        if self._who == SAVED:
            one = next((s for s in self._saved if s.name == self._typed["saved"]), None)
            return None if one is None else ListWords(self._actor, one.filters)
        return None

    @cached_property
    def _saved(self) -> list[Any]:
        return list(saved_lists(self._actor))

    @property
    def filters_said(self) -> str:
        """The filters in words."""
        return "" if self._list_words is None else filters_said(self._list_words)

    @property
    def whom(self) -> dict[str, Any]:
        """Return the words that say who is meant, as ``whom.choose`` takes them."""
        at = self._typed["at"]
        if self.is_by_value:
            return {name: self._typed[name] for name in ("at", "whose", "value")}
        # Where it matters to nobody, no site is asked for.
        words: dict[str, Any] = {"at": at if self.needs_site else ""}
        if self.is_list:
            return words | {"listed": self.listed}
        if self._who == SAVED:
            return words | {"saved": self._typed["saved"]}
        return words | {"filters": dict(parse_qsl(self._typed["found"]))}

    def missing(self, asked: Mapping[str, str]) -> dict[str, str]:
        """Return an error for each place that is not filled; ``asked`` are those after who."""
        wanted = dict(asked)
        if self.is_by_value:
            wanted = {
                "at": _("Choose the site whose patrons are meant."),
                "whose": _("Choose what the patrons have in common."),
                "value": _("Choose a value."),
            } | wanted
        elif self.is_list and not self.listed.strip():
            wanted["listed"] = _("Give barcodes or district ids, or choose a file.")
        elif self._who == SAVED:
            wanted["saved"] = _("Choose a saved list.")
        if self.needs_site and not self.is_by_value:
            wanted["at"] = _("Choose the site of the associations.")
        empty = {n: text for n, text in wanted.items() if not self._typed.get(n, "").strip()}
        return self.value_errors(empty) if self.is_by_value else empty

    def who_places(self) -> list[Place]:
        """Return the places that say who is meant."""
        options = [Option(AT, _("every patron at")), Option(LIST, _("the patrons on a list"))]
        if self._saved:
            options.append(Option(SAVED, _("the patrons of the saved list")))
        if self._typed["found"] or self._who == FOUND:
            options.append(Option(FOUND, _("the patrons found in the list")))
        places = [Place("who", _("Who is meant"), "", options)]
        if self.is_by_value:
            places += self.selecting_places()
        if self._who == SAVED:
            names = [Option(s.name, s.name) for s in self._saved]
            places.append(Place("saved", _("Saved list"), _("choose a saved list"), names))
        return places

    def chosen_places(self, places: list[Place], errors: Mapping[str, str]) -> list[Place]:
        """Return the places with what was chosen in them."""
        if self.needs_site and not self.is_by_value:
            places.append(self.site_place())
        for place in places:
            self._choose(place, errors)
        return places

    def for_ask(self) -> dict[str, Any]:
        """Return all words as the action takes them."""
        raise NotImplementedError

    @cached_property
    def count(self) -> int:
        """How many patrons, or entries of the list, are selected."""
        if self.is_list:
            try:
                return len(read_list(self.listed, "listed"))
            except InputError:
                return 0
        if self._list_words is not None:
            if self._list_words.unknown:
                # Without it more would be found than anybody meant: the action refuses it.
                return 0
            return number_of_patrons(self._actor, self._list_words.filter)
        return self.value.count if self.value and self.is_by_value else 0
