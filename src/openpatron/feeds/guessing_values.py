"""What the values of a column are likely to mean: dates, statuses, grades, types, schools."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from openpatron.accounts.rules import LANGUAGES
from openpatron.kernel.text import fold

# Month first, as in the United States, and day first, as nearly everywhere else.
MONTH_FIRST = ("%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%m-%d-%y", "%m.%d.%Y")
DAY_FIRST = ("%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%d-%m-%y", "%d.%m.%Y", "%d.%m.%y")
PLAIN = ("", "%Y%m%d", "%Y/%m/%d", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b %d, %Y", "%d %B %Y",
         "%B %d, %Y")  # fmt: skip
_MONTH_FIRST_IN = {"US", "PH", "FM", "MH", "PW"}
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ][\d:.]+)?(Z|[+-]\d\d:\d\d)?")
# Of so many dates one may be a slip of the pen.
_SLIPS = 20

_STATUSES = {
    "active": ("0", "a", "active", "y", "yes", "true", "t", "enrolled", "current", "e", "1"),
    "inactive": (
        "2", "3", "i", "inactive", "n", "no", "false", "f", "withdrawn", "left", "gone",
        "transferred", "graduated", "exited", "w", "x", "tobedeleted",
    ),
    "restricted": ("r", "restricted", "blocked", "suspended"),
}  # fmt: skip
_GRADES = {
    "K": ["kg", "k", "kf", "kk", "kindergarten", "0", "00", "kdg", "0k"],
    "PK": ["pk", "prek", "pre-k", "p", "-1", "-2", "p3", "p4", "pk3", "pk4", "preschool"],
}
_ROLES = {
    "student": ["s", "st", "stu", "student", "students", "pupil", "learner", "schuler", "l", "1"],
    "teacher": ["t", "f", "tch", "teacher", "faculty", "instructor", "lehrer", "lehrkraft"],
    "staff": ["staff", "e", "emp", "employee", "admin", "administrator", "a", "aide", "support"],
}
_TYPES = {
    "student": ("student", "pupil", "learner", "patron", "schuler"),
    "teacher": ("teacher", "faculty", "staff", "instructor", "lehrkraft"),
    "staff": ("staff", "employee", "faculty", "teacher"),
}
_LEVELS = ("patron", "student", "reader")
_COUNTRIES = {"US": ["usa", "united states", "united states of america", "u.s.", "u.s.a."],
              "GB": ["uk", "united kingdom", "england"], "DE": ["deutschland", "germany"],
              "CA": ["canada", "can"], "MX": ["mexico", "mex"]}  # fmt: skip
_LANGUAGES = {"es": ["spa", "castellano"], "en": ["eng"], "fr": ["fre", "fra"], "de": ["ger"],
              "zh-hans": ["chinese", "mandarin"], "pt-br": ["portuguese"]}  # fmt: skip


def date_format(values: Iterable[str], country: str) -> tuple[str, bool] | None:
    """Return how dates are written ("" is ISO) and whether that is beyond doubt; None: no dates.

    ``03/04/2012`` may be read both ways: the organization's country decides then.
    """
    found = [value for value in values if value]
    if not found:
        return None
    fitting = [
        (format_, misses)
        for format_ in (*PLAIN, *MONTH_FIRST, *DAY_FIRST)
        if (misses := _misses(found, format_)) <= len(found) // _SLIPS
    ]
    if not fitting:
        return None
    fewest = min(misses for _format, misses in fitting)
    best = [format_ for format_, misses in fitting if misses == fewest]
    if len(best) == 1 or best[0] in PLAIN:
        return best[0], True
    at_home = MONTH_FIRST if country in _MONTH_FIRST_IN else DAY_FIRST
    ours = [format_ for format_ in best if format_ in at_home]
    doubtful = len({format_ in MONTH_FIRST for format_ in best}) > 1
    return (ours or best)[0], not doubtful


def _misses(values: Sequence[str], format_: str) -> int:
    return sum(not _is_date(value, format_) for value in values)


def _is_date(value: str, format_: str) -> bool:
    if not format_:
        return _ISO.fullmatch(value) is not None
    try:
        datetime.strptime(value, format_)  # noqa: DTZ007  a day
    except ValueError:
        return False
    return True


def statuses(values: Collection[str]) -> dict[str, str]:
    """Return what the values of a status mean; those that nobody can tell are left out."""
    meant = {word: ours for ours, words in _STATUSES.items() for word in words}
    if {fold(value) for value in values if value} <= {"0", "1"} and "1" in values:
        # A flag, not the 0 and 2 of an enrolment.
        meant |= {"1": "active", "0": "inactive"}
    return {value: meant[fold(value)] for value in values if fold(value) in meant}


def grades(values: Collection[str]) -> dict[str, str]:
    """Return the grade levels that are written otherwise than ours: 06, KG, -1."""
    meant = {word: ours for ours, words in _GRADES.items() for word in words}
    found = {}
    for value in values:
        key = fold(value)
        if key in meant:
            found[value] = meant[key]
        elif numbered := re.fullmatch(r"(?:grade\s*)?0*(\d{1,2})(?:st|nd|rd|th)?", key):
            found[value] = numbered[1]
    return {value: ours for value, ours in found.items() if value != ours}


def types(values: Collection[str], ours: Mapping[str, str]) -> dict[str, str]:
    """Return the patron types (``ours``, by folded name) that roles or types are likely to mean."""
    kinds = {word: kind for kind, words in _ROLES.items() for word in words}
    found = {}
    for value in values:
        key = fold(value)
        if key in ours:
            found[value] = ours[key]
        elif key in kinds:
            named = [ours[name] for name in _TYPES[kinds[key]] if name in ours]
            if named:
                found[value] = named[0]
    return found


def usual_type(ours: Mapping[str, str]) -> str:
    """Return the patron type of students, "" where none is called so."""
    return next((ours[name] for name in _TYPES["student"] if name in ours), "")


def usual_level(ours: Mapping[str, str]) -> str:
    """Return the access level of those who only borrow, "" where none is called so."""
    return next((ours[name] for name in _LEVELS if name in ours), "")


def countries(values: Collection[str]) -> dict[str, str]:
    """Return the codes of countries that are written out."""
    meant = {word: code for code, words in _COUNTRIES.items() for word in words}
    return {value: meant[fold(value)] for value in values if fold(value) in meant}


def languages(values: Collection[str]) -> dict[str, str]:
    """Return the codes of languages that are written out."""
    meant = {fold(name): code for code, name in reversed(LANGUAGES.items())}
    meant |= {word: code for code, words in _LANGUAGES.items() for word in words}
    return {
        value: meant[fold(value)]
        for value in values
        if fold(value) in meant and value.lower() not in LANGUAGES
    }


def schools(values: Collection[str], sites: Mapping[str, str]) -> dict[str, str]:
    """Return the site (short name) of each school; ``sites``: short names by folded name.

    Equal names first; then a school whose words begin with a site's (“Maple Elementary School”).
    """
    found = {}
    for value in values:
        key = fold(value)
        if key in sites:
            found[value] = sites[key]
            continue
        words = re.sub(r"[^\w]+", " ", key).split()
        like = {
            short
            for name, short in sites.items()
            if (parts := name.split()) and words[: len(parts)] == parts and not key.isdecimal()
        }
        if len(like) == 1:
            found[value] = like.pop()
    return found


def words(name: str) -> list[str]:
    """Return the words of a name in plain small letters: what a code is made of."""
    return re.findall(r"[a-z0-9]+", fold(name))
