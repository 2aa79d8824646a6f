"""The fields that many patrons may get at once: what is allowed in them, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _, gettext_lazy

from openpatron.accounts.rules import language
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean

from .models import Patron

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_YEAR, LAST_YEAR = 1900, 2200
"""The graduation years that make sense."""


def status(text: str, field: str = "status") -> str:
    """Return the status, or raise ``InputError``."""
    if text not in Patron.Status.values:
        raise InputError(
            field,
            _("“%(found)s” is no patron status. Allowed: %(known)s.")
            % {"found": text[:100], "known": ", ".join(Patron.Status.values)},
        )
    return text


def grade_level(text: str, field: str = "grade_level", *, empty: bool = True) -> str:
    """Return the grade level as it can be stored, or raise ``InputError``."""
    try:
        return clean(text, "grade_level", limit=30, empty=empty)
    except InputError as error:
        # The sentence names what it is, the error where it was typed.
        raise InputError(field, str(error)) from None


def graduation_year(year: int, field: str = "graduation_year") -> int:
    """Return the year, or raise ``InputError``."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise InputError(
            field,
            _("Graduation year %d is not possible. Give a year from 1900 to 2200.") % year,
        )
    return year


def day(text: str, field: str) -> date:
    """Return the day that is written as 2027-06-30, or raise ``InputError``."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InputError(
            field,
            _("“%(found)s” is no date. Write it as year-month-day, for example 2027-06-30.")
            % {"found": text[:100]},
        ) from None


def _language(text: str, field: str) -> str:
    found = language(text, field)
    if not found:
        raise InputError(field, _("Give the code of a language, like en, es or pt-br."))
    return found


def local_code(text: str, field: str = "local_code") -> str:
    """Return the local code as it can be stored, or raise ``InputError``."""
    try:
        return clean(text, "local_code", limit=40, empty=False)
    except InputError as error:
        raise InputError(field, str(error)) from None


def _year(text: str, field: str) -> int:
    wanted = text.strip()
    if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 5):  # noqa: PLR2004  a year
        raise InputError(
            field,
            _("“%(found)s” is no graduation year. Give a year from 1900 to 2200.")
            % {"found": text[:100]},
        )
    return graduation_year(int(wanted), field)


@dataclass(frozen=True, slots=True)
class RecordField:
    """One field of the patron record.

    ``parse`` makes the stored value of what was typed for a field (of a form), or raises
    ``InputError``. ``read`` and ``stored`` are SQL: the value as it stands in a change, and such a
    {value} as it stands in the column.
    """

    name: str
    label: Any
    parse: Callable[[str, str], Any]
    may_be_cleared: bool
    read: str
    stored: str
    # What stands there after it was cleared.
    nothing: Any = None

    @property
    def column(self) -> str:
        """The column, in SQL."""
        return f"patron.{self.name}"

    def written(self, change: str) -> str:
        """Return in SQL the value that a change (before, after) holds, as the column has it."""
        return self.stored.format(value=f"({change} ->> '{self.name}')")

    def shown(self, stored: Any) -> Any:
        """Return the value as a change holds it."""
        return stored.isoformat() if isinstance(stored, date) else stored


@dataclass(frozen=True, slots=True)
class TieField:
    """One field of a patron's association with a site; its values are rows of ``table``."""

    name: str
    label: Any
    may_be_cleared: bool
    table: str

    @property
    def column(self) -> str:
        """The column, in SQL."""
        return f"tie.{self.name}_id"


@dataclass(frozen=True, slots=True)
class ListField:
    """A field that holds any number of values: they are added to it, and removed from it."""

    name: str
    label: Any
    parse: Callable[[str, str], str]
    may_be_cleared: bool = False


type SettableField = RecordField | TieField | ListField

RECORD_FIELDS = {
    f.name: f
    for f in (
        RecordField(
            "status",
            gettext_lazy("patron status"),
            status,
            may_be_cleared=False,
            read="patron.status",
            stored="{value}",
        ),
        RecordField(
            "grade_level",
            gettext_lazy("grade level"),
            lambda text, field: grade_level(text, field, empty=False),
            may_be_cleared=True,
            read="patron.grade_level",
            stored="{value}",
            nothing="",
        ),
        RecordField(
            "graduation_year",
            gettext_lazy("graduation year"),
            _year,
            may_be_cleared=True,
            read="patron.graduation_year",
            stored="CAST({value} AS smallint)",
        ),
        RecordField(
            "expires_on",
            gettext_lazy("expiry date"),
            day,
            may_be_cleared=True,
            read="CAST(patron.expires_on AS text)",
            stored="date({value})",
        ),
        RecordField(
            "language",
            gettext_lazy("communication language"),
            _language,
            may_be_cleared=True,
            read="patron.language",
            stored="{value}",
            nothing="",
        ),
    )
}
TIE_FIELDS = {
    f.name: f
    for f in (
        TieField("patron_type", gettext_lazy("patron type"), False, "organizations_patrontype"),
        TieField("access_level", gettext_lazy("access level"), False, "access_accesslevel"),
        TieField("homeroom", gettext_lazy("homeroom"), True, "patrons_homeroom"),
    )
}
SETTABLE: dict[str, RecordField | TieField] = {**RECORD_FIELDS, **TIE_FIELDS}
"""Those that are set or cleared, by name: of the record, then of an association."""

LIST_FIELDS = {
    f.name: f for f in (ListField("local_code", gettext_lazy("local code"), local_code),)
}
"""Those whose values are added or removed."""
