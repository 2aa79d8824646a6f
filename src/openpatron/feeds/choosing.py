"""A mapping corrected by choosing: what each column gives, and what its values mean.

What a person chose is laid over the guess; what was not chosen stays as the source had it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from .describing import Look
from .formats.base import Format, Options
from .formats.delimited.names import WHOLE_NAME
from .guessing import guess_setup
from .records import FIELDS, Problem
from .setup import OWNABLE, HomeroomRule, Rule, Setup

BOTH_IDS = "both_ids"
"""One column is the source's key and the district id."""

CHOSEN_VALUES = ("site", "patron_type", "access_level", "status", "grade_level")
"""The fields whose values are mapped by choosing."""

_MOST_VALUES = 60


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen; a field that is not in ``values`` or ``dates`` is as it is guessed."""

    # By column: a field, ``WHOLE_NAME``, ``BOTH_IDS``, or "" for nothing.
    columns: Mapping[str, str]
    # By field: what each value means; "" means: as it is, or, of names of ours, rejected.
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    match: tuple[str, ...] = ()
    default_site: str | None = None
    default_patron_type: str | None = None
    default_access_level: str | None = None
    identity_provider: str | None = None
    # Constants, joined and split columns; homerooms; fields that an empty value empties. None:
    # as the source has them.
    made: tuple[Rule, ...] | None = None
    homerooms: tuple[HomeroomRule, ...] | None = None
    clears: frozenset[str] | None = None


def is_made(rule: Rule, setup: Setup) -> bool:
    """Tell whether a rule is more than a column: a constant, columns joined, a part of one.

    A whole name in one column is chosen as such.
    """
    if rule.split:
        return choice_of(setup, rule.columns[0]) != WHOLE_NAME
    return bool(rule.constant) or len(rule.columns) > 1


def choice_of(setup: Setup, column: str) -> str:
    """Return what a column is chosen to give in a setup."""
    fields = {
        rule.field for rule in setup.rules if len(rule.columns) == 1 and rule.columns[0] == column
    }
    split = {
        (rule.field, rule.split, rule.part)
        for rule in setup.rules
        if rule.split and rule.columns == (column,)
    }
    if ("last_name", ",", 0) in split:
        return WHOLE_NAME
    fields -= {field for field, _split, _part in split}
    if fields >= {"external_id", "district_id"}:
        return BOTH_IDS
    if "role" in fields:
        return "role"
    return next((name for name in FIELDS if name in fields), "")


def values_to_choose(setup: Setup, looked: Look) -> dict[str, list[tuple[str, str]]]:
    """Return, for each field whose values are mapped, what is found and what it means."""
    found: dict[str, list[tuple[str, str]]] = {}
    for rule in setup.rules:
        if rule.field not in CHOSEN_VALUES or len(rule.columns) != 1:
            continue
        column = rule.columns[0]
        if column not in looked.seen.columns:
            continue
        meant = setup.sites if rule.field == "site" else rule.values
        ours = {
            "site": looked.ours.sites,
            "patron_type": looked.ours.patron_types,
            "access_level": looked.ours.access_levels,
        }.get(rule.field, {})
        values = looked.seen.values(column)[:_MOST_VALUES]
        found[rule.field] = [(v, meant.get(v, ours.get(v.casefold(), ""))) for v in values]
    return found


def chosen_setup(
    format_: Format, options: Options, looked: Look, chosen: Chosen, base: Setup | None
) -> tuple[Setup, tuple[Problem, ...]]:
    """Return the setup as chosen, and what is still to decide."""
    suggested: dict[str, str] = {}
    for column, choice in chosen.columns.items():
        for name in ("external_id", "district_id") if choice == BOTH_IDS else (choice,):
            if name:
                suggested.setdefault(name, column)
    guess, problems = guess_setup(format_, options, suggested, looked.seen, looked.ours)
    rules = {rule.field: _overlaid(rule, chosen) for rule in guess.rules}
    if base is not None:
        rules = _kept(base, rules, looked, chosen) | rules
    rules |= {rule.field: rule for rule in chosen.made or ()}
    emptied = {rule.field for rule in base.rules if rule.empty_clears} if base else set()
    clears = emptied if chosen.clears is None else chosen.clears
    rules = {name: replace(rule, empty_clears=name in clears) for name, rule in rules.items()}
    homerooms = chosen.homerooms
    if homerooms is None:
        homerooms = base.homerooms if base else ()
    sites = guess.sites
    if "site" in chosen.values:
        sites = {found: short for found, short in chosen.values["site"].items() if short}
    given = {
        name: value
        for name in ("default_site", "default_patron_type", "default_access_level")
        if (value := getattr(chosen, name)) is not None
    }
    provider = chosen.identity_provider
    if provider is None:
        provider = base.identity_provider if base else ""
    setup = replace(
        base or guess,
        format=format_.name,
        options=options,
        rules=tuple(sorted(rules.values(), key=lambda rule: FIELDS.index(rule.field))),
        sites=sites,
        match=chosen.match or guess.match,
        homerooms=homerooms,
        identity_provider=provider,
        owned=_owned(base, {*rules, *(["homeroom"] if homerooms else ())}),
        default_site=given.get("default_site", guess.default_site),
        default_patron_type=given.get("default_patron_type", guess.default_patron_type),
        default_access_level=given.get("default_access_level", guess.default_access_level),
    )
    decided = {name.removeprefix("default_") for name, value in given.items() if value}
    decided |= {"site"} if "site" in chosen.values else set()
    decided |= set(chosen.dates)
    return setup, tuple(one for one in problems if one.field not in decided)


def doubled(columns: Mapping[str, str]) -> dict[str, str]:
    """Return the columns that are chosen to give what an earlier one gives already."""
    seen: dict[str, str] = {}
    found = {}
    for column, choice in columns.items():
        if choice and choice in seen:
            found[column] = seen[choice]
        seen.setdefault(choice, column)
    return found


def _overlaid(rule: Rule, chosen: Chosen) -> Rule:
    if rule.field in chosen.dates:
        rule = replace(rule, dates=chosen.dates[rule.field])
    values = chosen.values.get(rule.field)
    if values is None or rule.field == "site":
        return rule
    meant = {found: ours for found, ours in values.items() if ours}
    # Of names of ours, what nobody chose is rejected; a grade is taken as it is.
    rejects = rule.field in {"patron_type", "access_level"}
    return replace(rule, values=meant, otherwise="reject" if rejects else rule.otherwise)


def _kept(base: Setup, rules: Mapping[str, Rule], looked: Look, chosen: Chosen) -> dict[str, Rule]:
    """Return the rules of a source that were not chosen, or are about columns not in the file."""
    here = set(looked.table.columns)
    return {
        rule.field: rule
        for rule in base.rules
        if rule.field not in rules
        and (
            chosen.made is None
            if is_made(rule, base)
            else bool(rule.columns) and not here.issuperset(rule.columns)
        )
    }


def _owned(base: Setup | None, rules: Collection[str]) -> tuple[str, ...]:
    """Return the fields that the source owns: all that it gives, apart from those set free."""
    given = [name for name in OWNABLE if name in rules]
    if base is None:
        return tuple(given)
    free = {rule.field for rule in base.rules} - set(base.owned)
    return tuple(name for name in given if name not in free)
