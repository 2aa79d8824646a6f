"""The filters of the list of patrons as words: of an address, a saved list, a command.

Nothing else decides what a word of them means, so that a job, an export and the list itself find
the same patrons.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from openpatron.access.queries import access_levels
from openpatron.kernel.errors import InputError
from openpatron.organizations.queries import patron_types

from .models import Patron, Source
from .queries import PatronFilter, grades_and_years, local_codes, sites_in_sight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openpatron.access.actor import Actor

SEARCH = "q"
"""The word that holds what was typed into the search box."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One filter: its name in the address, its words, and (value in the address, words) pairs."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: str

    @property
    def shown(self) -> str:
        """The chosen value in words."""
        return dict(self.options)[self.chosen]


class ListWords:
    """What a list of patrons is narrowed by: ``words`` by their names in the address."""

    def __init__(self, actor: Actor, words: Mapping[str, str]) -> None:
        """Read the words; what means nothing here is left out, and stands in ``unknown``."""
        self.actor = actor
        self.grades, known_years = grades_and_years(actor)
        found = list(sites_in_sight(actor))
        self.ids: dict[str, dict[str, int]] = {
            "site": {s.short_name: s.pk for s in found},
            "type": {t.name: t.pk for t in patron_types()},
            "level": {a.name: a.pk for a in access_levels()},
        }
        years = [str(year) for year in known_years]
        self._options: list[tuple[str, str, list[tuple[str, str]]]] = [
            ("site", _("Site"), [(s.short_name, s.name) for s in found]),
            ("type", _("Patron type"), [(n, n) for n in self.ids["type"]]),
            ("level", _("Access level"), [(n, n) for n in self.ids["level"]]),
            ("grade", _("Grade level"), [(g, g) for g in self.grades]),
            ("year", _("Graduation year"), [(y, y) for y in years]),
            ("status", _("Status"), [(s.value, str(s.label)) for s in Patron.Status]),
            ("expired", _("Expired"), [("yes", _("yes"))]),
            ("expiring", _("Expires soon"), [("yes", _("yes"))]),
            ("code", _("Local code"), [(c, c) for c in local_codes(actor)]),
        ]
        # Where there is no source, all records are internal.
        owners = list(Source.objects.order_by("name", "pk"))
        self.ids["source"] = {one.code: one.pk for one in owners}
        if owners:
            kinds = [("internal", _("internal")), ("external", _("external"))]
            self._options += [
                ("record", _("Record"), kinds),
                ("source", _("Source"), [(one.code, one.name) for one in owners]),
            ]
        self._read(words)

    def other(self, words: Mapping[str, str]) -> ListWords:
        """Return other words, read here and now as well; no query."""
        other = copy(self)
        other._read(words)  # noqa: SLF001  its own
        return other

    def _read(self, words: Mapping[str, str]) -> None:
        self._words = words
        self.choices = [
            Choice(name, label, values, self._chosen(name, values))
            for name, label, values in self._options
        ]

    def _chosen(self, name: str, values: list[tuple[str, str]]) -> str:
        given = self._words.get(name, "")
        return given if any(given == value for value, _shown in values) else ""

    @property
    def text(self) -> str:
        """What was typed into the search box."""
        return self._words.get(SEARCH, "").replace("\x00", " ").strip()[:200]

    @property
    def filter(self) -> PatronFilter:
        """The filters as the query takes them."""
        chosen = {c.name: c.chosen for c in self.choices}
        return PatronFilter(
            text=self.text,
            site=self.ids["site"].get(chosen["site"]),
            patron_type=self.ids["type"].get(chosen["type"]),
            access_level=self.ids["level"].get(chosen["level"]),
            grade_level=chosen["grade"],
            graduation_year=int(chosen["year"]) if chosen["year"] else None,
            status=chosen["status"],
            expired=bool(chosen["expired"]),
            expiring=bool(chosen["expiring"]),
            local_code=chosen["code"],
            record=chosen.get("record", ""),
            source=self.ids["source"].get(chosen.get("source", "")),
        )

    @property
    def unknown(self) -> list[tuple[str, str]]:
        """The filters that mean nothing here: (label, value)."""
        return [
            (c.label, self._words[c.name][:100])
            for c in self.choices
            if self._words.get(c.name) and not c.chosen
        ]

    @property
    def said(self) -> list[tuple[str, str]]:
        """The filters that are on, in words: (label, value)."""
        said = [(c.label, c.shown) for c in self.choices if c.chosen]
        return [(_("Search"), self.text), *said] if self.text else said

    @property
    def kept(self) -> dict[str, str]:
        """The filters that are on, as words again."""
        kept = {c.name: c.chosen for c in self.choices if c.chosen}
        return {SEARCH: self.text} | kept if self.text else kept

    def require_known(self, field: str) -> None:
        """Raise ``InputError`` for a filter that means nothing: more patrons would be meant."""
        names = ", ".join([SEARCH, *(c.name for c in self.choices)])
        stray = next((n for n, v in self._words.items() if v and n not in names.split(", ")), "")
        if stray:
            raise InputError(
                field,
                _("There is no filter “%(found)s”. There are: %(known)s.")
                % {"found": stray[:100], "known": names},
            )
        for label, value in self.unknown:
            raise InputError(
                field,
                _("The filter %(label)s: “%(value)s” means nothing here (any more). Choose again.")
                % {"label": label, "value": value},
            )


def as_text(filters: Mapping[str, str]) -> str:
    """Return the filters as one word of an address."""
    return urlencode(filters)
