"""A setup guessed from a file: what a person corrects instead of writing it from nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from django.utils.translation import gettext as _

from openpatron.kernel.text import fold

from . import guessing_values as values_of
from .formats import formats
from .formats.base import Format, Options
from .formats.delimited.names import WHOLE_NAME, meaning
from .ours import Ours
from .records import Problem
from .setup import OWNABLE, Rule, Setup

_HEAD = 1 << 16
# A column with more different values than that is not one of statuses or schools.
MOST_DIFFERENT = 300
_DATES = ("birth_date", "expires_on")
_COMMAS = 0.8
_DATA = re.compile(r"\d+|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\S+@\S+\.\S+")


def guess_format(file: Path) -> Format:
    """Return the format that a file is most likely of; the delimited one where none is likely."""
    with file.open("rb") as opened:
        head = opened.read(_HEAD)
    return max(formats().values(), key=lambda one: (one.likeness(file, head), one.name))


def guess_options(format_: Format, file: Path) -> Options:
    """Return separator and header as they are in the file. Raises ``InputError`` ("file")."""
    if not format_.has_options:
        return Options()
    options = format_.settled(file, Options())
    names = format_.table(file, options).columns
    known = sum(meaning(name) is not None for name in names)
    looks_like_data = any(_DATA.fullmatch(name.strip()) for name in names)
    # The encoding is looked at in each file anew: a sample without accents does not tell it.
    return replace(options, encoding="", has_header=bool(known) or not looks_like_data)


@dataclass(slots=True)
class Seen:
    """The different values of each column, as far as they were looked at, most frequent or not."""

    columns: tuple[str, ...]
    different: list[dict[str, int]]

    @classmethod
    def of(cls, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Seen:
        """Look at rows; of a column with very many values the first ones are kept."""
        different: list[dict[str, int]] = [{} for _column in columns]
        for cells in rows:
            for found, cell in zip(different, cells, strict=False):
                text = cell.strip()
                if text in found:
                    found[text] += 1
                elif len(found) < MOST_DIFFERENT:
                    found[text] = 1
        return cls(tuple(columns), different)

    def values(self, column: str) -> list[str]:
        """Return the different values of a column that are not empty; case makes no difference."""
        found = self.different[self.columns.index(column)]
        return list({fold(value): value for value in reversed(found) if value}.values())[::-1]


def guess_setup(
    format_: Format, options: Options, suggested: Mapping[str, str], seen: Seen, ours: Ours
) -> tuple[Setup, tuple[Problem, ...]]:
    """Return the setup that fits the columns and values, and what somebody has to decide."""
    problems: list[Problem] = []
    rules = {field: Rule(field, (column,)) for field, column in suggested.items()}
    if whole := rules.pop(WHOLE_NAME, None):
        rules |= _names(whole.columns[0], seen, problems)
    for field in _DATES:
        if field in rules:
            rules[field] = _dated(rules[field], seen, ours, problems)
    for field, meant in (
        ("status", values_of.statuses),
        ("grade_level", values_of.grades),
        ("country", values_of.countries),
        ("language", values_of.languages),
    ):
        if field in rules:
            found = meant(seen.values(rules[field].columns[0]))
            rules[field] = replace(rules[field], values=found)
    sites = _sites(rules, seen, ours, problems)
    _types(rules, seen, ours)
    site, patron_type, access_level = _defaults(rules, ours, problems)
    setup = Setup(
        format=format_.name,
        options=options,
        match=_match(rules),
        rules=tuple(rules.values()),
        sites=sites,
        owned=tuple(field for field in OWNABLE if field in rules),
        default_site=site,
        default_patron_type=patron_type,
        default_access_level=access_level,
    )
    return setup, tuple(problems)


def _names(column: str, seen: Seen, problems: list[Problem]) -> dict[str, Rule]:
    """Return the rules for one column with the whole name: split at its comma, or taken whole."""
    found = seen.values(column)
    if found and sum("," in name for name in found) >= _COMMAS * len(found):
        return {
            "last_name": Rule("last_name", (column,), split=",", part=0),
            "first_name": Rule("first_name", (column,), split=",", part=1),
        }
    problems.append(
        _notice(
            "whole_name",
            "last_name",
            _(
                "“%s” holds whole names without a comma, so it is taken as the last name. Better "
                "export first and last name apart."
            )
            % column,
        )
    )
    return {"last_name": Rule("last_name", (column,))}


def _dated(rule: Rule, seen: Seen, ours: Ours, problems: list[Problem]) -> Rule:
    column = rule.columns[0]
    found = values_of.date_format(seen.values(column), ours.organization.country)
    if found is None:
        if seen.values(column):
            problems.append(
                _notice(
                    "dates",
                    rule.field,
                    _("The dates in “%s” are not understood. Say how they are written.") % column,
                )
            )
        return rule
    written, is_sure = found
    if not is_sure:
        problems.append(
            _notice(
                "dates",
                rule.field,
                _(
                    "The dates in “%(column)s” can be read month first or day first. They are read "
                    "as %(format)s; please check."
                )
                % {"column": column, "format": written},
            )
        )
    return replace(rule, dates=written)


def _sites(
    rules: dict[str, Rule], seen: Seen, ours: Ours, problems: list[Problem]
) -> dict[str, str]:
    rule = rules.get("site")
    if rule is None:
        return {}
    found = seen.values(rule.columns[0])
    sites = values_of.schools(found, ours.sites)
    missing = [value for value in found if value not in sites]
    if missing:
        problems.append(
            _notice(
                "unknown_site",
                "site",
                _("No site is known for these schools: %s. Map them, or their rows are rejected.")
                % ", ".join(missing[:20]),
            )
        )
    return sites


def _types(rules: dict[str, Rule], seen: Seen, ours: Ours) -> None:
    """Let the role decide on the patron type where no column does."""
    rule = rules.get("patron_type") or rules.get("role")
    if rule is None:
        return
    values = seen.values(rule.columns[0])
    found = values_of.types(values, ours.patron_types)
    if found:
        # What is not in the map is no type of ours: rejected, and never a default.
        rules["patron_type"] = Rule("patron_type", rule.columns, values=found, otherwise="reject")


def _defaults(
    rules: Mapping[str, Rule], ours: Ours, problems: list[Problem]
) -> tuple[str, str, str]:
    """Return the default site, patron type, access level; and ask for what is not sure."""
    only = ours.site_names[0] if len(ours.site_names) == 1 else ""
    wanted = (
        ("site", only, _("No column gives the site. Choose a default site, or a column.")),
        (
            "patron_type",
            values_of.usual_type(ours.patron_types),
            _("No column gives the patron type. Choose a default."),
        ),
        (
            "access_level",
            values_of.usual_level(ours.access_levels),
            _("No column gives the access level. Choose a default."),
        ),
    )
    found = []
    for field, default, question in wanted:
        found.append("" if field in rules else default)
        if field not in rules and not default:
            problems.append(_notice("no_default", field, question))
    if not {"external_id", "district_id", "username", "email", "barcode"} & rules.keys():
        problems.append(
            _notice("no_key", "", _("No column tells who somebody is: map a number of theirs."))
        )
    return found[0], found[1], found[2]


def _match(rules: Mapping[str, Rule]) -> tuple[str, ...]:
    for key in ("external_id", "district_id", "username", "email"):
        if key in rules:
            return (key,)
    return ("site_barcode",) if "barcode" in rules else ("external_id",)


def _notice(code: str, field: str, text: str) -> Problem:
    return Problem(code, text, None, field, rejects=False)
