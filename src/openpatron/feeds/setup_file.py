"""A source's setup read from TOML (or a form's dict), checked, and written as TOML again.

``docs/sources.md`` explains every key. The database is not asked here: whether a site, a patron
type or an access level exists is seen by ``fitting.py``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean

from .formats import formats
from .formats.base import Options
from .records import FIELDS
from .setup import (
    ABSENCES,
    ARRIVALS,
    BARCODES_TAKEN,
    COVERAGES,
    ENCODINGS,
    INVALID,
    MATCH_KEYS,
    MODES,
    OWNABLE,
    Arrival,
    HomeroomRule,
    Rule,
    Safety,
    Schedule,
    Setup,
)
from .toml_values import Values

NEVER = "never"
"""Stands for a share that never stops a run: TOML has no empty value."""

CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
# Words that addresses use themselves.
_RESERVED = {"add"}
_SECTIONS = (
    "options", "fields", "sites", "homerooms", "safety", "arrival", "schedule",
)  # fmt: skip
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DATED = ("birth_date", "expires_on")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A whole source file: what the source is called, and its setup."""

    code: str
    name: str
    setup: Setup


def read_source(text: str) -> SourceFile:
    """Return what a source file in TOML says, or raise ``InputError``."""
    try:
        table = tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        why = str(error) or type(error).__name__
        raise InputError("file", _("The file is no TOML: %s.") % why) from None
    values = dict(table)
    given = (values.pop("code", ""), values.pop("name", ""))
    called = [one if isinstance(one, str) else str(one) for one in given]
    return SourceFile(code(called[0]), name(called[1]), read_setup(values))


def code(text: str) -> str:
    """Return a source's code, or raise ``InputError``."""
    found = clean(text, "code", limit=40)
    if not CODE.fullmatch(found) or found in _RESERVED:
        raise InputError(
            "code",
            _(
                "code: “%s” is not allowed. Use 1 to 40 small letters, digits, hyphens and "
                "underscores, like “sis-students”."
            )
            % found,
        )
    return found


def name(text: str) -> str:
    """Return a source's name, or raise ``InputError``."""
    return clean(text, "name", limit=120, empty=False)


def read_setup(mapping: Mapping[str, Any]) -> Setup:
    """Return the setup that a nested dict says, or raise ``InputError`` with the place in it."""
    values = Values(mapping)
    defaults = Setup(format="")
    known = tuple(formats())
    kind = values.choice("format", "", known)
    if not kind:
        raise InputError(
            "format", _("format: a value is required. Allowed: %s.") % ", ".join(known)
        )
    setup = Setup(
        format=kind,
        options=_options(values.table("options")),
        match=values.choices("match", defaults.match, MATCH_KEYS),
        rules=_rules(values.table("fields")),
        sites=values.pairs("sites", limit=10),
        default_site=values.text("default_site", limit=10),
        default_patron_type=values.text("default_patron_type", limit=30),
        default_access_level=values.text("default_access_level", limit=30),
        homerooms=tuple(_homeroom(one) for one in values.tables("homerooms")),
        owned=values.choices("owned", (), OWNABLE),
        mode=values.choice("mode", defaults.mode, MODES),
        coverage=values.choice("coverage", defaults.coverage, COVERAGES),
        absence=values.choice("absence", defaults.absence, ABSENCES),
        absence_days=values.number("absence_days", 0, lowest=0, highest=3650),
        barcode_taken=values.choice("barcode_taken", defaults.barcode_taken, BARCODES_TAKEN),
        first_passwords=values.flag("first_passwords", default=False),
        safety=_safety(values.table("safety")),
        arrival=_arrival(values.table("arrival")),
        schedule=_schedule(values.table("schedule")),
        identity_provider=values.text("identity_provider", limit=40),
    )
    values.done()
    _check_whole(setup)
    return setup


def as_dict(setup: Setup) -> dict[str, Any]:
    """Return what ``read_setup`` reads: plain values, for JSON and TOML."""
    values = asdict(setup)
    del values["rules"]
    shares = {key: NEVER if n is None else n for key, n in values.pop("safety").items()}
    top = {key: _plain(value) for key, value in values.items() if key not in _SECTIONS}
    return top | {
        "options": values["options"],
        "fields": {rule.field: _rule_as_dict(rule) for rule in setup.rules},
        "sites": dict(setup.sites),
        "homerooms": [asdict(one) for one in setup.homerooms],
        "safety": shares,
        "arrival": values["arrival"],
        "schedule": {key: _plain(value) for key, value in values["schedule"].items()},
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _rule_as_dict(rule: Rule) -> dict[str, Any]:
    """Return what differs from the usual: most rules name nothing but a column."""
    usual = asdict(Rule(rule.field))
    return {
        key: dict(value) if isinstance(value, Mapping) else _plain(value)
        for key, value in asdict(rule).items()
        if value != usual[key]
    }


def _options(values: Values) -> Options:
    usual = Options()
    found = Options(
        encoding=values.choice("encoding", usual.encoding, ENCODINGS),
        separator=values.raw("separator", usual.separator, limit=1),
        quote=values.raw("quote", usual.quote, limit=1),
        has_header=values.flag("has_header", default=usual.has_header),
    )
    values.done()
    for key in ("separator", "quote"):
        # What csv cannot take.
        if getattr(found, key) in {"\r", "\n", " "}:
            raise values.wrong(key, getattr(found, key), _("Write a character such as , ; or |."))
    if found.separator and found.separator == found.quote:
        raise values.wrong("quote", found.quote, _("It has to differ from the separator."))
    return found


def _rules(values: Values) -> tuple[Rule, ...]:
    rules = []
    for field in values.keys():  # noqa: SIM118  no mapping
        if field not in FIELDS:
            raise InputError(
                values.place(field),
                _("%(where)s: there is no such field. There are: %(known)s.")
                % {"where": values.place(field[:60]), "known": ", ".join(FIELDS)},
            )
        if values.is_text(field):
            rule = Rule(field, columns=_columns(values, field))
        else:
            rule = _rule(field, values.table(field))
        rules.append(rule)
    # In one order, however the file was sorted.
    return tuple(sorted(rules, key=lambda rule: FIELDS.index(rule.field)))


def _rule(field: str, values: Values) -> Rule:
    usual = Rule(field)
    rule = Rule(
        field,
        columns=_columns(values, "columns"),
        constant=values.text("constant"),
        join=values.raw("join", usual.join, limit=10),
        split=values.raw("split", "", limit=10),
        part=values.number("part", 0, lowest=0, highest=20),
        dates=values.text("dates", limit=40),
        values=values.pairs("values"),
        otherwise=values.text("otherwise", usual.otherwise),
        empty_clears=values.flag("empty_clears", default=False),
        invalid=values.choice("invalid", usual.invalid, INVALID),
    )
    values.done()
    _check_rule(rule, values)
    return rule


def _columns(values: Values, key: str) -> tuple[str, ...]:
    columns = values.texts(key)
    if not all(columns):
        raise values.wrong(key, "", _("Write the name of a column."))
    return columns


def _check_rule(rule: Rule, values: Values) -> None:
    if not rule.columns and not rule.constant:
        raise values.wrong("columns", "[]", _("Name a column, or write a constant."))
    if rule.columns and rule.constant:
        raise values.wrong("constant", rule.constant, _("Name columns or a constant, not both."))
    if rule.split and len(rule.columns) != 1:
        raise values.wrong("split", rule.split, _("Only a single column can be split."))
    if rule.otherwise not in {"keep", "reject"} and not rule.otherwise.startswith("use:"):
        raise values.wrong(
            "otherwise", rule.otherwise, _("Allowed: “keep”, “reject” and “use:” with a value.")
        )
    if rule.dates:
        if rule.field not in _DATED:
            raise values.wrong("dates", rule.dates, _("Only of: %s.") % ", ".join(_DATED))
        if not _is_date_format(rule.dates):
            raise values.wrong(
                "dates", rule.dates, _("Write day, month and year, like %m/%d/%Y or %d.%m.%y.")
            )
    if rule.empty_clears and rule.field in {"last_name", "site", "username", *MATCH_KEYS}:
        raise values.wrong("empty_clears", True, _("This field cannot be emptied by a feed."))


def _is_date_format(text: str) -> bool:
    """Tell whether a format has day, month and year, each once, and nothing else."""
    kinds = {"d": "day", "m": "month", "b": "month", "B": "month", "Y": "year", "y": "year"}
    found = [kinds.get(directive, "") for directive in re.findall(r"%(.?)", text)]
    return sorted(found) == ["day", "month", "year"]


def _homeroom(values: Values) -> HomeroomRule:
    rule = HomeroomRule(
        name=values.text("name", limit=90),
        role=values.text("role"),
        grade_level=values.text("grade_level", limit=30),
        site=values.text("site", limit=10),
    )
    values.done()
    if not rule.name:
        raise values.wrong("name", "", _("A homeroom has a name, like “Grade {grade_level}”."))
    for field in re.findall(r"\{([^}]*)\}", rule.name):
        if field not in FIELDS or field == "password":
            raise values.wrong("name", rule.name, _("In braces: a field, like {grade_level}."))
    return rule


def _safety(values: Values) -> Safety:
    usual = Safety()

    def share(key: str) -> int | None:
        if values.is_text(key):
            values.choice(key, NEVER, (NEVER,))
            return None
        default = getattr(usual, key)
        found = values.number(key, -1, lowest=0, highest=100)
        return default if found < 0 else found

    found = Safety(*(share(key) for key in usual.__dataclass_fields__))
    values.done()
    return found


def _arrival(values: Values) -> Arrival:
    usual = Arrival()
    found = Arrival(
        kind=values.choice("kind", usual.kind, ARRIVALS),
        folder=values.text("folder", limit=500),
        pattern=values.text("pattern", usual.pattern) or usual.pattern,
        host=values.text("host", limit=253),
        port=values.number("port", usual.port, lowest=1, highest=65535),
        username=values.text("username", limit=150),
        host_key=values.text("host_key", limit=2000),
    )
    values.done()
    needed = {"folder": ("folder",), "sftp": ("host", "username", "host_key")}
    for key in needed.get(found.kind, ()):
        if not getattr(found, key):
            raise InputError(
                values.place(key),
                _("%(where)s: a value is required where feeds arrive by “%(kind)s”.")
                % {"where": values.place(key), "kind": found.kind},
            )
    if "/" in found.pattern or "\\" in found.pattern:
        raise values.wrong(
            "pattern", found.pattern, _("Write names of files only, like students-*.csv.")
        )
    return found


def _schedule(values: Values) -> Schedule:
    usual = Schedule()
    times, hours = values.texts("times"), values.texts("blackout")
    for text in times:
        if not _TIME.fullmatch(text):
            raise values.wrong("times", text, _("Write times like “02:30”."))
    for text in hours:
        if not all(_TIME.fullmatch(part) for part in text.split("-")) or text.count("-") != 1:
            raise values.wrong("blackout", text, _("Write hours like “07:30-16:00”."))
    days = values.numbers("weekdays", usual.weekdays, lowest=0, highest=6)
    values.done()
    return Schedule(tuple(sorted(set(times))), tuple(sorted(set(days))), hours)


def _check_whole(setup: Setup) -> None:
    """Check what several values say together."""
    if not setup.match:
        raise InputError(
            "match",
            _("match: nothing is named. Name at least one of: %s.") % ", ".join(MATCH_KEYS),
        )
    given = {rule.field for rule in setup.rules} | ({"site"} if setup.default_site else set())
    if setup.rules:
        for key in setup.match:
            needed = {"site", "barcode"} if key == "site_barcode" else {key}
            if missing := sorted(needed - given):
                raise InputError(
                    "match",
                    _(
                        "match: people are to be known by “%(key)s”, but no column gives "
                        "“%(missing)s”. Map it under [fields], or choose another key."
                    )
                    % {"key": key, "missing": missing[0]},
                )
    if setup.mode == "import" and setup.absence != "nothing":
        raise InputError(
            "absence",
            _(
                "absence: a source that only creates patrons cannot withdraw any. Choose "
                "“nothing”, or the mode “synchronize”."
            ),
        )
