"""From a row of a file to a patron's record, as the source's setup says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from openpatron.accounts import rules
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import fold
from openpatron.organizations.models import Organization

from .checks import DATED, LEFT, Check, checks, day, phone
from .finishing import Finish
from .ours import Bad, Judged, Ours
from .records import Problem, Record, Row
from .setup import Rule, Setup

# So many different values of a field are remembered; then it begins anew.
_REMEMBERED = 20_000
# Values of which hardly any comes twice.
_UNIQUE = {"external_id", "district_id", "username", "email", "barcode", "password"}
_SHOWN = 30
_LISTED = 12


type _Cells = tuple[str, ...]
type _Get = Callable[[_Cells], Judged]


def missing_columns(setup: Setup, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that the setup names and the file does not have."""
    found = _Places(columns)
    named = {_column_key(name): name for rule in setup.rules for name in rule.columns}
    return tuple(name for name in named.values() if found.of(name) is None)


def notices(setup: Setup, columns: Sequence[str]) -> tuple[Problem, ...]:
    """Return what there is to say about the file before its first row is read."""
    said = [
        Problem(
            "missing_column",
            _("The column “%s” is not in the file. What it gives stays as it is.") % name,
            rejects=False,
        )
        for name in missing_columns(setup, columns)
    ]
    if not setup.first_passwords and any(rule.field == "password" for rule in setup.rules):
        said.append(
            Problem(
                "password_ignored",
                _("The file has passwords. They are ignored: this source sends none."),
                rejects=False,
            )
        )
    return tuple(said)


def missing_for_new(record: Record) -> tuple[Problem, ...]:
    """Return what a record lacks to become a new patron; one that is known already may lack it."""
    words = {
        "last_name": _("a last name"),
        "site": _("a site"),
        "patron_type": _("a patron type"),
        "access_level": _("an access level"),
    }
    said = {problem.field for problem in record.problems if problem.rejects}
    return tuple(
        Problem("missing", _("A new patron needs %s: the row has none.") % what, record.line, field)
        for field, what in words.items()
        if not record.values.get(field) and field not in said
    )


def compile_mapping(
    setup: Setup, columns: Sequence[str], organization: Organization
) -> Callable[[Row], Record]:
    """Return the function that makes a record of each row of a file with these columns.

    The organization is open; its sites, patron types, access levels and resource groups are read
    here, once. A field whose column is not in the file is not in the records.
    """
    ours = Ours(organization)
    steps = list(_steps(setup, _Places(columns), ours))
    finish = Finish(setup, ours)

    def record(row: Row) -> Record:
        values: dict[str, str] = {}
        problems: list[Problem] = []
        cells = row.cells
        for field, get in steps:
            value = get(cells)
            if isinstance(value, str):
                values[field] = value
            else:
                code, text, rejects = value
                problems.append(Problem(code, text, row.line, field, rejects))
        finish(row.line, values, problems)
        return Record(row.line, values, tuple(problems))

    return record


class _Places:
    """Where a column stands: by its exact name, or, if only one is like it, by its folded one."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._exact = {name: place for place, name in reversed(list(enumerate(columns)))}
        self._folded: dict[str, int | None] = {}
        for place, name in enumerate(columns):
            key = _column_key(name)
            self._folded[key] = None if key in self._folded else place

    def of(self, name: str) -> int | None:
        """Return the place of a column, None where there is none."""
        place = self._exact.get(name)
        return self._folded.get(_column_key(name)) if place is None else place


def _column_key(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", fold(name)).strip()


def _steps(setup: Setup, places: _Places, ours: Ours) -> Iterator[tuple[str, _Get]]:
    """Yield each field that comes out of the columns, and how."""
    known = checks()
    for rule in setup.rules:
        if rule.field == "password" and not setup.first_passwords:
            continue
        found = [places.of(column) for column in rule.columns]
        at = [place for place in found if place is not None]
        if len(at) != len(found):
            # Never half of a name: the run stops and asks about the column that vanished.
            continue
        check = _check_of(rule, setup, ours, known)
        read = _reader(rule, at)
        if rule.field in rules.PHONES:
            yield rule.field, _phone(rule, setup, read, places, ours)
        else:
            yield (
                rule.field,
                _checked(rule, read, _mapped(rule, check, rejects=_rejects(rule, setup))),
            )


def _rejects(rule: Rule, setup: Setup) -> bool:
    """Tell whether a value that our rules refuse keeps the whole row out."""
    if rule.invalid:
        return rule.invalid == "reject"
    return rule.field not in LEFT or rule.field in setup.match


def _reader(rule: Rule, at: list[int]) -> Callable[[_Cells], str]:
    if rule.constant:
        return lambda _cells: rule.constant
    first = at[0]
    if rule.split:
        mark, part = rule.split, rule.part

        def split(cells: _Cells) -> str:
            parts = cells[first].split(mark)
            return parts[part].strip() if part < len(parts) else ""

        return split
    if len(at) == 1:
        return lambda cells: cells[first].strip()
    return lambda cells: rule.join.join(t for i in at if (t := cells[i].strip()))


def _checked(rule: Rule, read: Callable[[_Cells], str], judge: Callable[[str], Judged]) -> _Get:
    """Return the reader with the judgement; what was judged is remembered where it comes again."""
    if rule.field in _UNIQUE:
        return lambda cells: judge(read(cells))
    seen: dict[str, Judged] = {}

    def get(cells: _Cells) -> Judged:
        text = read(cells)
        value = seen.get(text)
        if value is None:
            if len(seen) >= _REMEMBERED:
                seen.clear()
            value = seen[text] = judge(text)
        return value

    return get


def _mapped(rule: Rule, check: Check, *, rejects: bool) -> Callable[[str], Judged]:
    """Return the judgement on a text: the value map, then the check; an empty one stays empty."""
    meant = {fold(found): ours for found, ours in rule.values.items()}
    instead = rule.otherwise.removeprefix("use:") if rule.otherwise.startswith("use:") else ""

    def judge(text: str) -> Judged:
        if meant:
            key = fold(text)
            if key in meant:
                text = meant[key]
            elif text and instead:
                text = instead
            elif text and rule.otherwise == "reject":
                listed = ", ".join(list(rule.values)[:_LISTED])
                return Bad(
                    "not_mapped",
                    _("%(field)s: “%(found)s” is not mapped. There are: %(known)s.")
                    % {"field": rule.field, "found": text[:100], "known": listed},
                    True,
                )
        elif text and instead:
            text = instead
        if not text:
            return ""
        try:
            return check(text)
        except InputError as error:
            unknown = rule.field in {"site", "patron_type", "access_level"}
            code = f"unknown_{rule.field}" if unknown else "invalid"
            return Bad(code, str(error), rejects or unknown)

    return judge


def _check_of(rule: Rule, setup: Setup, ours: Ours, known: Mapping[str, Check]) -> Check:
    match rule.field:
        case "site":
            return _site_check(setup, ours)
        case "patron_type":
            return _name_check("patron_type", _("patron type"), ours.patron_types)
        case "access_level":
            return _name_check("access_level", _("access level"), ours.access_levels)
        case "resource_group":
            return lambda text: text  # with the site, in the end
    if rule.field in DATED:
        return day(rule.field, rule.dates)
    return known.get(rule.field, lambda text: text)


def _site_check(setup: Setup, ours: Ours) -> Check:
    theirs = {fold(found): short for found, short in setup.sites.items()}

    def check(text: str) -> str:
        if not theirs:
            # The source did not say what its schools are called: they are called as ours.
            return _name_check("site", _("site"), ours.sites, ours.site_names)(text)
        short = theirs.get(fold(text))
        if short is None:
            raise InputError(
                "site",
                _("“%s” is no school that this source is mapped for. Add it to its sites.")
                % text[:100],
            )
        if short not in ours.site_names:
            raise InputError(
                "site",
                _("“%(found)s” is mapped to the site “%(short)s”, which is not there (any more).")
                % {"found": text[:100], "short": short},
            )
        return short

    return check


def _name_check(
    field: str, noun: str, names: Mapping[str, str], known: Sequence[str] = ()
) -> Check:
    def check(text: str) -> str:
        found = names.get(fold(text))
        if found is None:
            listed = list(known or names.values())
            more = " …" if len(listed) > _SHOWN else ""
            raise InputError(
                field,
                _("There is no %(noun)s “%(found)s”. There are: %(known)s. Map it to one of them.")
                % {
                    "noun": noun,
                    "found": text[:100],
                    "known": ", ".join(listed[:_SHOWN]) + more or "–",
                },
            )
        return found

    return check


def _phone(
    rule: Rule, setup: Setup, read: Callable[[_Cells], str], places: _Places, ours: Ours
) -> _Get:
    """Return the reader of a telephone number: without a +, it is of the row's country, or ours."""
    region, field = ours.organization.country, rule.field
    rejects = _rejects(rule, setup)
    of_country = next((one for one in setup.rules if one.field == "country"), None)
    judges: dict[str, Callable[[str], Judged]] = {}

    def judge_in(country: str) -> Callable[[str], Judged]:
        if country not in judges:
            if len(judges) >= _LISTED * _SHOWN:
                judges.clear()
            judges[country] = _mapped(rule, phone(field, country), rejects=rejects)
        return judges[country]

    at = [places.of(column) for column in of_country.columns] if of_country else []
    if of_country is None or None in at:
        return _checked(rule, read, judge_in(region))
    read_country = _reader(of_country, [place for place in at if place is not None])
    known = _mapped(of_country, rules.country, rejects=False)

    def get(cells: _Cells) -> Judged:
        country = known(read_country(cells))
        return judge_in(country if isinstance(country, str) and country else region)(read(cells))

    return get
