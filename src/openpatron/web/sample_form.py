"""The form that corrects a guessed mapping: a choice for each column and each value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _, gettext_lazy as _lazy

from openpatron.feeds import guessing_values, setup_file
from openpatron.feeds.choosing import (
    BOTH_IDS,
    CHOSEN_VALUES,
    Chosen,
    choice_of,
    doubled,
    values_to_choose,
)
from openpatron.feeds.formats.delimited.names import WHOLE_NAME
from openpatron.feeds.records import FIELDS
from openpatron.feeds.setup import ENCODINGS
from openpatron.patrons.models import Patron

from . import source_words
from .administration_form import AdministrationForm
from .sample_rules import RulesForm
from .templatetags.web import field_title

if TYPE_CHECKING:
    from openpatron.feeds.describing import Look
    from openpatron.feeds.formats.base import Format, Options
    from openpatron.feeds.records import Problem
    from openpatron.feeds.setup import Setup

_DATES = ("birth_date", "expires_on")
_EXAMPLES = 3
_DEFAULTS = ("default_site", "default_patron_type", "default_access_level")


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample file with the setup it is read by."""

    format: Format
    setup: Setup
    looked: Look
    questions: tuple[Problem, ...]
    code: str
    name: str


class SampleForm(AdministrationForm):
    """Columns, values, dates, defaults, and what the source is called."""

    name = forms.CharField(label=_lazy("Name of the source"))
    code = forms.CharField(
        label=_lazy("Code"),
        help_text=_lazy("How commands and files name it: small letters, digits, hyphens."),
    )
    match = forms.ChoiceField(
        label=_lazy("How a row finds its patron"), choices=source_words.MATCH_KEYS.items()
    )
    default_site = forms.ChoiceField(label=_lazy("Site of rows without one"), required=False)
    default_patron_type = forms.ChoiceField(
        label=_lazy("Patron type of rows without one"), required=False
    )
    default_access_level = forms.ChoiceField(
        label=_lazy("Access level of rows without one"), required=False
    )
    identity_provider = forms.ChoiceField(label=_lazy("Where its people sign in"), required=False)

    def __init__(self, data: Any, sample: Sample) -> None:
        self.sample = sample
        self._columns = dict(enumerate(sample.looked.table.columns))
        self._values = values_to_choose(sample.setup, sample.looked)
        if data is not None:
            data = self._completed(data)
        self.rules = RulesForm(data, sample.setup, sample.looked)
        super().__init__(data, stored=self._state())
        self._add_columns()
        self._add_values()
        ours = sample.looked.ours
        for name, known in (
            ("default_site", ours.site_names),
            ("default_patron_type", list(ours.patron_types.values())),
            ("default_access_level", list(ours.access_levels.values())),
        ):
            none = ("", _("none: such rows are rejected"))
            self.fields[name].choices = [none, *((one, one) for one in known)]  # type: ignore[attr-defined]
        self.fields["identity_provider"].choices = source_words.provider_choices()  # type: ignore[attr-defined]
        if sample.format.has_options:
            self._add_options()
        for field in self.fields.values():
            css = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            field.widget.attrs["class"] = css

    def _state(self) -> dict[str, Any]:
        """Return the values of all fields as the setup has them."""
        setup = self.sample.setup
        dates = {rule.field: rule.dates for rule in setup.rules if rule.field in _DATES}
        return {
            "name": self.sample.name,
            "code": self.sample.code or _code_of(self.sample.name),
            "match": setup.match[0],
            **{name: getattr(setup, name) for name in (*_DEFAULTS, "identity_provider")},
            **{f"column_{n}": choice_of(setup, column) for n, column in self._columns.items()},
            **{f"dates_{field}": written for field, written in dates.items()},
            **{
                f"value_{field}_{n}": ours
                for field, pairs in self._values.items()
                for n, (_found, ours) in enumerate(pairs)
            },
            "encoding": setup.options.encoding,
            "separator": setup.options.separator,
            "header": "yes" if setup.options.has_header else "no",
        }

    def _completed(self, data: Any) -> Any:
        """Return what was sent; what was not asked, or of another column, is as it is guessed."""
        sent, state = data.copy(), self._state()
        for field, column in self.asked:
            if sent.get(f"asked_{field}") != column:
                for name in [name for name in state if name.startswith(_about(field))]:
                    sent[name] = state[name]
        for name, value in state.items():
            if name not in sent:
                sent[name] = value
        return sent

    @property
    def asked(self) -> list[tuple[str, str]]:
        """The fields whose values or dates are asked for, each with its column."""
        by_field = {rule.field: rule.columns for rule in self.sample.setup.rules}
        return [
            (field, by_field[field][0])
            for field in (*CHOSEN_VALUES, *_DATES)
            if len(by_field.get(field, ())) == 1
        ]

    def _add_columns(self) -> None:
        fields = sorted(((name, str(field_title(name))) for name in FIELDS), key=lambda one: one[1])
        choices = [
            ("", _("nothing")),
            (WHOLE_NAME, _("Last name, first name")),
            (BOTH_IDS, _("External ID and district ID")),
            *fields,
        ]
        for n, column in self._columns.items():
            self.fields[f"column_{n}"] = forms.ChoiceField(
                label=column, choices=choices, required=False
            )

    def _add_values(self) -> None:
        ours = self.sample.looked.ours
        known: dict[str, list[tuple[str, Any]]] = {
            "site": [(one, one) for one in ours.site_names],
            "patron_type": [(one, one) for one in ours.patron_types.values()],
            "access_level": [(one, one) for one in ours.access_levels.values()],
            "status": list(Patron.Status.choices),
        }
        for field, pairs in self._values.items():
            for n, (found, _ours) in enumerate(pairs):
                name = f"value_{field}_{n}"
                if field in known:
                    none = _("as it is") if field == "status" else _("rejected")
                    self.fields[name] = forms.ChoiceField(
                        label=found, choices=[("", none), *known[field]], required=False
                    )
                else:
                    self.fields[name] = forms.CharField(label=found, required=False, max_length=30)
        for rule in self.sample.setup.rules:
            if rule.field in _DATES and len(rule.columns) == 1:
                self.fields[f"dates_{rule.field}"] = forms.ChoiceField(
                    label=_("%s is written") % field_title(rule.field),
                    choices=_date_choices(rule.dates),
                    required=False,
                )

    def _add_options(self) -> None:
        names = [(one, one or _("found out by looking")) for one in ENCODINGS]
        self.fields["encoding"] = forms.ChoiceField(
            label=_("Encoding"), choices=names, required=False
        )
        self.fields["separator"] = forms.ChoiceField(
            label=_("Separator"), choices=list(source_words.SEPARATORS.items()), required=False
        )
        self.fields["header"] = forms.ChoiceField(
            label=_("First row"),
            choices=[
                ("yes", _("holds the names of the columns")),
                ("no", _("is a person already")),
            ],
        )

    def clean(self) -> dict[str, Any]:
        """Refuse two columns that are to give the same."""
        cleaned = super().clean()
        for name in self.rules.errors:
            # Said at its place too.
            label = self.rules.fields[name].label
            for error in self.rules.errors[name]:
                self.add_error(None, f"{label}: {error}")
        chosen = {column: cleaned.get(f"column_{n}", "") for n, column in self._columns.items()}
        again = doubled(chosen)
        for n, column in self._columns.items():
            if column in again:
                self.add_error(
                    f"column_{n}",
                    _("“%s” gives this already. Choose “nothing” for one of the two.")
                    % again[column],
                )
        return cleaned

    def options(self, options: Options) -> Options:
        """Return how the file is to be read."""
        if not self.sample.format.has_options:
            return options
        found = replace(
            options,
            encoding=str(self.data["encoding"]),
            separator=str(self.data["separator"]),
            has_header=self.data["header"] != "no",
        )
        allowed = found.encoding in ENCODINGS and found.separator in source_words.SEPARATORS
        return found if allowed else options

    def chosen_columns(self, looked: Look) -> Mapping[str, str]:
        """Return what each column is to give; read otherwise, the file has other columns."""
        if looked.table.columns != self.sample.looked.table.columns:
            return _by_column(self.sample, looked)
        allowed = {WHOLE_NAME, BOTH_IDS, *FIELDS}
        chosen = {
            column: str(self.data.get(f"column_{n}", "")) for n, column in self._columns.items()
        }
        return {column: one if one in allowed else "" for column, one in chosen.items()}

    def chosen(self, columns: Mapping[str, str]) -> Chosen:
        """Return all that was chosen, of a form that knows the columns already."""
        text = {name: str(self.data.get(name, "")) for name in self.fields}
        return Chosen(
            columns,
            values={
                field: {found: text[f"value_{field}_{n}"] for n, (found, _ours) in enumerate(pairs)}
                for field, pairs in self._values.items()
            },
            dates={field: text[f"dates_{field}"] for field in _DATES if f"dates_{field}" in text},
            match=(text["match"],) if text["match"] in source_words.MATCH_KEYS else (),
            default_site=text["default_site"],
            default_patron_type=text["default_patron_type"],
            default_access_level=text["default_access_level"],
            identity_provider=text["identity_provider"],
            made=self.rules.made,
            homerooms=self.rules.homerooms,
            clears=self.rules.clears,
        )

    @property
    def columns(self) -> list[tuple[forms.BoundField, str]]:
        """The choice of each column, with examples."""
        seen = self.sample.looked.seen
        return [
            (self[f"column_{n}"], " · ".join(seen.values(column)[:_EXAMPLES]))
            for n, column in self._columns.items()
        ]

    @property
    def values(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The choices of values, by field."""
        return [
            (str(field_title(field)), [self[f"value_{field}_{n}"] for n in range(len(pairs))])
            for field, pairs in self._values.items()
            if pairs
        ]

    @property
    def rest(self) -> list[forms.BoundField]:
        """Dates, key, defaults, and how the file is read."""
        names = [name for name in self.fields if name.startswith("dates_")]
        names += ["match", *_DEFAULTS, "identity_provider"]
        names += [name for name in ("encoding", "separator", "header") if name in self.fields]
        return [self[name] for name in names]


def _about(field: str) -> tuple[str, ...]:
    """Return how the names of the choices about a field begin."""
    return f"value_{field}_", f"dates_{field}"


def _by_column(sample: Sample, looked: Look) -> Mapping[str, str]:
    """Return what each column gives, as the format suggests it."""
    found: dict[str, str] = {}
    for field, column in sample.format.suggest(looked.table).items():
        found[column] = BOTH_IDS if column in found else field
    return found


def _date_choices(written: str) -> list[tuple[str, str]]:
    known = {
        "": _("2016-02-29 (year-month-day)"),
        "%m/%d/%Y": "02/29/2016",
        "%m/%d/%y": "02/29/16",
        "%d/%m/%Y": "29/02/2016",
        "%d/%m/%y": "29/02/16",
        "%d.%m.%Y": "29.02.2016",
        "%d.%m.%y": "29.02.16",
        "%m-%d-%Y": "02-29-2016",
        "%d-%m-%Y": "29-02-2016",
        "%Y%m%d": "20160229",
        "%Y/%m/%d": "2016/02/29",
        "%d-%b-%Y": "29-Feb-2016",
        "%b %d, %Y": "Feb 29, 2016",
    }
    return list(({written: written} | known).items())


def _code_of(name: str) -> str:
    """Return a code that a name suggests: "students-2026"."""
    code = "-".join(part for part in guessing_values.words(name) if part)[:40].strip("-")
    return code if setup_file.CODE.fullmatch(code) else ""
