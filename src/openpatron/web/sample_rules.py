"""What else is chosen of a sample: constants, joined and split columns, homerooms, what clears."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _

from openpatron.feeds.choosing import is_made
from openpatron.feeds.records import FIELDS
from openpatron.feeds.setup import HomeroomRule, Rule

from .templatetags.web import field_title

if TYPE_CHECKING:
    from openpatron.feeds.describing import Look
    from openpatron.feeds.setup import Setup

CONSTANT, JOIN, SPLIT = "constant", "join", "split"
_EMPTY = 2
_MOST = 40
_PARTS = 9
_CONDITIONS = ("role", "grade_level", "site")


class RulesForm(forms.Form):
    """Rows of rules; an empty field, or an empty name of a homeroom, is no row."""

    use_required_attribute = False

    def __init__(self, data: Any, setup: Setup, looked: Look) -> None:
        sent = _counts(data.get("rules_sent", "")) if data is not None else None
        super().__init__(data if sent else None)
        self._setup = setup
        made = [rule for rule in setup.rules if is_made(rule, setup)]
        columns = {c: c for rule in made for c in rule.columns}
        columns |= {column: column for column in looked.table.columns}
        none = [("", _("none"))]
        self._fields_of_ours = sorted(
            ((name, str(field_title(name))) for name in FIELDS), key=lambda one: one[1]
        )
        self._columns = [*none, *columns.items()]
        self._sites = [*none, *((one, one) for one in looked.ours.site_names)]
        counts = len(made) + _EMPTY, len(setup.homerooms) + _EMPTY
        if sent:
            counts = (
                _with_room(data, "made", sent[0], "field"),
                _with_room(data, "homeroom", sent[1], "name"),
            )
        self.numbers = counts
        for n in range(counts[0]):
            self._add_made(n, made[n] if n < len(made) else None)
        for n in range(counts[1]):
            self._add_homeroom(n, setup.homerooms[n] if n < len(setup.homerooms) else None)
        mapped = {(rule.field, str(field_title(rule.field))) for rule in setup.rules}
        boxes = sorted(mapped, key=lambda one: one[1])
        self.fields["clears"] = forms.MultipleChoiceField(
            label=_("An empty value in the file empties the field here"),
            choices=boxes,
            required=False,
            widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
            initial=[rule.field for rule in setup.rules if rule.empty_clears],
        )
        for field in self.fields.values():
            if isinstance(field.widget, forms.Select):
                field.widget.attrs["class"] = "form-select"
            elif not isinstance(field.widget, forms.CheckboxSelectMultiple):
                field.widget.attrs |= {"class": "form-control", "autocomplete": "off"}

    def _add_made(self, n: int, rule: Rule | None) -> None:
        how = "" if rule is None else CONSTANT if rule.constant else SPLIT if rule.split else JOIN
        first, second, third = (*(rule.columns if rule else ()), "", "", "")[:3]
        text = ""
        if rule is not None:
            text = {CONSTANT: rule.constant, SPLIT: rule.split, JOIN: rule.join}[how]
        ways = [
            (CONSTANT, _("is always the text")),
            (JOIN, _("is columns joined, the text between")),
            (SPLIT, _("is a part of a column, split at the text")),
        ]
        parts = [(str(part), str(part)) for part in range(1, _PARTS + 1)]
        none = [("", _("none"))]
        row = {
            "field": _choice(
                _("Field"), [*none, *self._fields_of_ours], rule.field if rule else ""
            ),
            "how": _choice(_("How"), [("", _("choose")), *ways], how),
            "first": _choice(_("Column"), self._columns, first),
            "second": _choice(_("And column"), self._columns, second),
            "third": _choice(_("And column (third)"), self._columns, third),
            "text": _text(_("Text"), text),
            "part": _choice(_("Part"), parts, str((rule.part if rule else 0) + 1)),
        }
        for name, field in row.items():
            self.fields[f"made_{n}_{name}"] = field

    def _add_homeroom(self, n: int, rule: HomeroomRule | None) -> None:
        row = {
            "role": _text(_("Role"), rule.role if rule else ""),
            "grade_level": _text(_("Grade level"), rule.grade_level if rule else ""),
            "site": _choice(_("Site"), self._sites, rule.site if rule else ""),
            "name": _text(_("Homeroom"), rule.name if rule else ""),
        }
        for name, field in row.items():
            self.fields[f"homeroom_{n}_{name}"] = field

    def clean(self) -> dict[str, Any]:
        """Refuse rows that are only half filled."""
        cleaned: dict[str, Any] = super().clean() or {}
        seen: set[str] = set()
        for n in range(self.numbers[0]):
            place, error = self._wrong(n, seen)
            if error:
                self.add_error(f"made_{n}_{place}", error)
        for n in range(self.numbers[1]):
            if any(self._given(f"homeroom_{n}_{c}") for c in _CONDITIONS) and not self._given(
                f"homeroom_{n}_name"
            ):
                self.add_error(f"homeroom_{n}_name", _("Say what the homeroom is called."))
        return cleaned

    def _wrong(self, n: int, seen: set[str]) -> tuple[str, str]:
        """Return which place of a row is wrong, and why; "" for none."""
        field, how, first, second, text = (
            self._given(f"made_{n}_{name}") for name in ("field", "how", "first", "second", "text")
        )
        if not field:
            return ("field", _("Choose the field that this gives.")) if how else ("", "")
        if field in seen:
            return "field", _("This field is given above already.")
        seen.add(field)
        wanted = {
            CONSTANT: [("text", text.strip(), _("Give the text."))],
            JOIN: [("second", first and second, _("Choose the columns that are joined."))],
            SPLIT: [
                ("first", first, _("Choose the column that is split.")),
                ("text", text, _("Give the text at which it is split.")),
            ],
        }.get(how, [("how", "", _("Choose how the field is given."))])
        return next(((place, why) for place, given, why in wanted if not given), ("", ""))

    def _given(self, name: str) -> str:
        """Return what stands in a field: sent, or as the setup has it."""
        return str(self[name].value() or "")

    @property
    def made(self) -> tuple[Rule, ...]:
        """The rules of the rows that are whole; what else a field's rule says stays."""
        before = {rule.field: rule for rule in self._setup.rules}
        found: dict[str, Rule] = {}
        for n in range(self.numbers[0]):
            seen = set(found)
            if self._given(f"made_{n}_field") in FIELDS and not self._wrong(n, seen)[1]:
                rule = self._rule(n, before)
                found[rule.field] = rule
        return tuple(found.values())

    def _rule(self, n: int, before: dict[str, Rule]) -> Rule:
        field, how, text = (self._given(f"made_{n}_{name}") for name in ("field", "how", "text"))
        columns = [self._given(f"made_{n}_{name}") for name in ("first", "second", "third")]
        chosen = tuple(column for column in columns if column)
        plain = replace(
            before.get(field, Rule(field)), columns=(), constant="", split="", join=" ", part=0
        )
        if how == CONSTANT:
            return replace(plain, constant=text.strip())
        if how == JOIN:
            return replace(plain, columns=chosen, join=text or " ")
        part = self._given(f"made_{n}_part")
        number = int(part) if part.isascii() and part.isdecimal() else 1
        return replace(plain, columns=chosen[:1], split=text, part=min(number, _PARTS) - 1)

    @property
    def homerooms(self) -> tuple[HomeroomRule, ...]:
        """The rules of homerooms, in their order."""
        return tuple(
            HomeroomRule(
                name=self._given(f"homeroom_{n}_name").strip(),
                **{c: self._given(f"homeroom_{n}_{c}").strip() for c in _CONDITIONS},
            )
            for n in range(self.numbers[1])
            if self._given(f"homeroom_{n}_name").strip()
        )

    @property
    def clears(self) -> frozenset[str]:
        """The fields that an empty value empties."""
        return frozenset(self["clears"].value() or ())

    @property
    def made_rows(self) -> Iterator[list[forms.BoundField]]:
        """The fields of each row of rules."""
        names = ("field", "how", "first", "second", "third", "text", "part")
        for n in range(self.numbers[0]):
            yield [self[f"made_{n}_{name}"] for name in names]

    @property
    def homeroom_rows(self) -> Iterator[list[forms.BoundField]]:
        """The fields of each row of homerooms."""
        for n in range(self.numbers[1]):
            yield [self[f"homeroom_{n}_{name}"] for name in (*_CONDITIONS, "name")]

    @property
    def is_used(self) -> bool:
        """Tell whether anything of it is said."""
        return bool(self.errors or self.made or self.homerooms or self.clears)


def _choice(label: str, choices: list[tuple[str, str]], initial: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, initial=initial, required=False)


def _text(label: str, initial: str) -> forms.CharField:
    return forms.CharField(
        label=label, initial=initial, required=False, max_length=200, strip=False
    )


def _counts(sent: str) -> tuple[int, int] | None:
    """Return how many rows of both kinds a page had, None where it had none."""
    made, dash, rooms = sent.partition("-")
    if not dash or not all(n.isascii() and n.isdecimal() and len(n) < 4 for n in (made, rooms)):  # noqa: PLR2004
        return None
    return min(int(made), _MOST), min(int(rooms), _MOST)


def _with_room(form_data: Any, prefix: str, count: int, last: str) -> int:
    """Return how many rows are shown: two empty ones below the last that is filled."""
    filled = [n for n in range(count) if form_data.get(f"{prefix}_{n}_{last}")]
    return min((filled[-1] + 1 if filled else 0) + _EMPTY, _MOST)
