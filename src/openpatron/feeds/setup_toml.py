"""A source file as it is handed to an administrator: TOML with a line on each section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomli_w
from django.utils.translation import gettext as _

from .formats import formats
from .setup import ABSENCES, ARRIVALS, COVERAGES, ENCODINGS, MATCH_KEYS, MODES, Setup
from .setup_file import as_dict


def to_toml(setup: Setup, *, code: str = "", name: str = "") -> str:
    """Return the setup as text that ``setup_file.read_source`` reads; without any secret."""
    values = as_dict(setup)
    sections = {key: value for key, value in values.items() if isinstance(value, dict)}
    top = {key: value for key, value in values.items() if key not in sections}
    parts = [_comment(_beginning()), tomli_w.dumps({"code": code, "name": name} | top)]
    for key in ("options", "fields", "sites", "safety", "arrival", "schedule"):
        table = sections[key]
        if key == "fields":
            table = {field: _short(rule) for field, rule in table.items()}
        parts.append(_comment(_ABOUT[key]()) + tomli_w.dumps({key: table}))
    return "\n".join(parts)


def _short(rule: Mapping[str, Any]) -> Any:
    """Return a rule that only names one column as that name."""
    columns = rule.get("columns", [])
    return columns[0] if len(columns) == 1 and len(rule) == 1 else dict(rule)


def _comment(text: str) -> str:
    return "".join(f"# {line}\n" for line in text.splitlines())


def _beginning() -> str:
    words = {
        "formats": ", ".join(formats()),
        "match": ", ".join(MATCH_KEYS),
        "modes": ", ".join(MODES),
        "coverages": ", ".join(COVERAGES),
        "absences": ", ".join(ABSENCES),
    }
    return (
        _(
            "A source of OpenPatron; docs/sources.md explains every line.\n"
            "format: %(formats)s\n"
            "match (how a row finds its patron): %(match)s\n"
            "mode: %(modes)s. coverage: %(coverages)s\n"
            "absence (who is no longer in a full feed): %(absences)s\n"
            "owned: the fields that are locked here and follow the source"
        )
        % words
    )


# Functions, because the language is only known when somebody writes.
_ABOUT = {
    "options": lambda: (
        _("How the file is written; empty values are found out by looking.\nencoding: %s")
        % ", ".join(one for one in ENCODINGS if one)
    ),
    "fields": lambda: _(
        "Which column gives which field: a name, or a table with columns, join, split and part,\n"
        "constant, dates (like %m/%d/%Y), values, otherwise (keep, reject, use:VALUE),\n"
        "empty_clears, invalid (reject, leave)."
    ),
    "sites": lambda: _(
        "What the source calls a school = the short name of our site. A school that is not\n"
        "here is rejected; without any, schools are called as our sites are."
    ),
    "safety": lambda: _("From how many per cent on a run stops and asks, or “never”."),
    "arrival": lambda: (
        _("How feeds arrive: %s. Password and key are not kept in this file.") % ", ".join(ARRIVALS)
    ),
    "schedule": lambda: _(
        "When feeds are looked for, in local time, 0 is Monday; blackout: hours in which nothing\n"
        "is applied, like 07:30-16:00."
    ),
}
