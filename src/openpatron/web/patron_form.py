"""The form behind Edit patron: which fields there are, which are locked and why, what differs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from openpatron.access.queries import access_levels
from openpatron.access.registry import permission, permissions
from openpatron.organizations.queries import patron_types
from openpatron.patrons.actions.edit_patron import PERMISSION, EditedAssociation, EditedPatron
from openpatron.patrons.models import Patron
from openpatron.patrons.office import Office, codes_in, codes_of, sites_to_share_with
from openpatron.patrons.queries import homerooms_at

from .locked import lock_field
from .meanwhile import differences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import QueryDict

    from openpatron.access.actor import Actor
    from openpatron.kernel.errors import InputError
    from openpatron.organizations.models import Site
    from openpatron.patrons.models import Association

    from .locked import Held
    from .meanwhile import Difference

    # Why a field is locked; of an owned one also that it is open now.
    type Reason = str | Held

# The parts of an association in the form: "type_17" is the patron type of association 17.
_PARTS = {"type": "patron_type", "level": "access_level", "homeroom": "homeroom"}
_RECORD = ("status", "grade_level", "graduation_year", "expires_on")
_OFFICE = ("local_codes", "resource_sharing_library")


@dataclass(frozen=True, slots=True)
class Section:
    """The fields of one association, each with the reason why it is locked ("" if it is not)."""

    association: Association
    rows: list[tuple[forms.BoundField, Reason]]

    @property
    def locked(self) -> Reason:
        """The reason, where one and the same locks all fields."""
        reasons = {reason for _field, reason in self.rows}
        return reasons.pop() if len(reasons) == 1 else ""


class PatronForm(forms.Form):
    """The record's own fields, and three fields for each association."""

    status = forms.ChoiceField(choices=Patron.Status.choices)
    grade_level = forms.CharField(max_length=30, required=False)
    graduation_year = forms.IntegerField(min_value=1900, max_value=2200, required=False)
    expires_on = forms.DateField(required=False)
    local_codes = forms.CharField(max_length=2000, required=False)
    resource_sharing_library = forms.ChoiceField(required=False)

    def __init__(
        self,
        actor: Actor,
        patron: Patron,
        data: QueryDict | None = None,
        held: Mapping[str, Held] | None = None,
    ) -> None:
        """``held``: the owned fields, by their names as in ``locked.held_fields``."""
        self._actor = actor
        self._patron = patron
        self._held = {_form_name(name): one for name, one in (held or {}).items()}
        self._ties: list[Association] = list(patron.associations.all())
        self.locked: dict[str, Reason] = {}
        record = {name: getattr(patron, name) for name in _RECORD}
        super().__init__(data, initial=values_of(patron) | record)
        self._word_record()
        self._word_office()
        types = list(patron_types())
        levels = list(access_levels())
        rooms = homerooms_at(tie.site_id for tie in self._ties)
        self._rows: dict[str, dict[str, Any]] = {
            **{f"type_{tie.pk}": {str(t.pk): t for t in types} for tie in self._ties},
            **{f"level_{tie.pk}": {str(a.pk): a for a in levels} for tie in self._ties},
            **{
                f"homeroom_{tie.pk}": {str(r.pk): r for r in rooms.get(tie.site_id, [])}
                for tie in self._ties
            },
        }
        for tie in self._ties:
            self._add_fields(tie)
        for name, reason in self.locked.items():
            self.fields[name].disabled = bool(reason)
            self.fields[name].widget.attrs["aria-describedby"] = f"id_{name}_locked"
        stored = values_of(patron)
        for name, one in self._held.items():
            if name in self.fields and not one.is_open:
                self.locked[name] = one
                lock_field(self.fields[name], self._words(name, stored[name]), f"id_{name}_locked")
        for field in self.fields.values():
            is_choice = isinstance(field, forms.ChoiceField)
            field.widget.attrs["class"] = "form-select" if is_choice else "form-control"
            field.error_messages["required"] = _("A value is needed here.")
            field.error_messages["invalid_choice"] = _("Choose one of the values of the list.")

    def _word_record(self) -> None:
        """Give the record's fields their words, in the reader's language."""
        self.fields["status"].label = _("Status")
        self.fields["status"].help_text = _(
            "Restricted: what is on loan may be renewed, and nothing else. Inactive: not even "
            "that. Rights count for active patrons alone."
        )
        grade = self.fields["grade_level"]
        grade.label = _("Grade level")
        grade.error_messages["max_length"] = _("At most %(limit_value)d characters are allowed.")
        year = self.fields["graduation_year"]
        year.label = _("Graduation year")
        # Not a number input: that one hands over nothing at all where something else is typed.
        year.widget = forms.TextInput({"inputmode": "numeric", "maxlength": "4"})
        for kind in ("invalid", "min_value", "max_value"):
            year.error_messages[kind] = _("Give a year from 1900 to 2200, or leave it empty.")
        expires = self.fields["expires_on"]
        expires.label = _("Expiry date")
        expires.help_text = _("The last day on which the patron may borrow. Empty: no end.")
        example = date_format(date(2030, 6, 30), "SHORT_DATE_FORMAT")
        expires.error_messages["invalid"] = (
            _("Give a date that exists, like %s, or leave it empty.") % example
        )
        expires.widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def _word_office(self) -> None:
        """Word what the office keeps; where there is one site, no library is to be chosen."""
        codes = self.fields["local_codes"]
        codes.label = _("Local codes")
        codes.help_text = _("Codes of your own, to select and count by. Commas part them.")
        offered = sites_to_share_with()
        self._libraries = {str(site.pk): site for site in offered}
        if not offered:
            del self.fields["resource_sharing_library"]
            return
        library = self.fields["resource_sharing_library"]
        library.label = _("Resource-sharing library")
        library.help_text = _("Where the patron fetches what other libraries send.")
        cast("forms.ChoiceField", library).choices = [
            ("", _("none")),
            *((key, site.name) for key, site in self._libraries.items()),
        ]

    def _add_fields(self, tie: Association) -> None:
        types = [(str(t.pk), t.name) for t in self._rows[f"type_{tie.pk}"].values()]
        levels = self._rows[f"level_{tie.pk}"].values()
        grantable = [a for a in levels if self._actor.may_give(a, tie.site)]
        offered = grantable if tie.access_level in grantable else [tie.access_level]
        rooms = [(str(r.pk), r.name) for r in self._rows[f"homeroom_{tie.pk}"].values()]
        self.fields[f"type_{tie.pk}"] = forms.ChoiceField(label=_("Patron type"), choices=types)
        self.fields[f"level_{tie.pk}"] = forms.ChoiceField(
            label=_("Access level"), choices=[(str(a.pk), a.name) for a in offered]
        )
        if tie.resource_group is not None:
            self.fields[f"level_{tie.pk}"].help_text = _(
                "In resource group %s. Another level brings its own group, or none."
            ) % (tie.resource_group.name)
        self.fields[f"homeroom_{tie.pk}"] = forms.ChoiceField(
            label=_("Homeroom"), choices=[("", _("none")), *rooms], required=False
        )
        self._lock(tie)

    def _lock(self, tie: Association) -> None:
        if not self._actor.may(PERMISSION, tie.site):
            reason = _("You do not hold the right “%(right)s” at %(site)s.") % {
                "right": permission(PERMISSION).label,
                "site": tie.site.name,
            }
            self.locked |= {f"{part}_{tie.pk}": reason for part in _PARTS}
        elif missing := _not_held(self._actor, tie):
            self.locked[f"level_{tie.pk}"] = _(
                "Only who holds its rights may change this level. You do not hold: %s."
            ) % ", ".join(missing)

    @property
    def record(self) -> list[tuple[forms.BoundField, Reason]]:
        """The record's own fields."""
        return [
            (self[name], self._why(name)) for name in (*_RECORD, *_OFFICE) if name in self.fields
        ]

    def _why(self, name: str) -> Reason:
        return self.locked.get(name, self._held.get(name, ""))

    @property
    def sections(self) -> list[Section]:
        """The associations' fields."""
        return [
            Section(
                tie,
                [(self[name], self._why(name)) for name in (f"{part}_{tie.pk}" for part in _PARTS)],
            )
            for tie in self._ties
        ]

    def edited(self) -> EditedPatron:
        """Return what was typed, for the action."""
        return EditedPatron(
            **{name: self.cleaned_data[name] for name in _RECORD},
            associations=tuple(
                EditedAssociation(
                    association_id=tie.pk,
                    patron_type=self._picked(f"type_{tie.pk}"),
                    access_level=self._picked(f"level_{tie.pk}"),
                    homeroom=self._picked(f"homeroom_{tie.pk}"),
                )
                for tie in self._ties
            ),
            office=Office(codes_in(self.cleaned_data["local_codes"]), self._library()),
        )

    def _library(self) -> Site | None:
        if "resource_sharing_library" not in self.fields:
            return self._patron.resource_sharing_library
        return self._libraries.get(self.cleaned_data["resource_sharing_library"])

    def changed_labels(self) -> dict[str, str]:
        """Return the fields that differ from what is stored, with their labels, by name."""
        return {name: self._label(name) for name in self.changed_data}

    def is_changed(self) -> bool:
        """Tell whether anything typed differs from what was stored."""
        return bool(self.changed_data)

    def differences(self, seen: Mapping[str, str], typed: QueryDict) -> list[Difference]:
        """Return the fields that somebody else changed after ``seen`` was shown.

        What was typed over stays as typed; what was not touched takes the new value.
        """
        stored = {
            n: v
            for n, v in values_of(self._patron).items()
            if n in self.fields and n not in self.locked
        }
        return differences(seen, stored, typed, self._label, self._words)

    def _label(self, name: str) -> str:
        label = str(self.fields[name].label)
        for tie in self._ties:
            if name.endswith(f"_{tie.pk}"):
                return _("%(field)s at %(site)s") % {"field": label, "site": tie.site.name}
        return label

    def _words(self, name: str, value: str) -> str:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            known = {str(key): str(words) for key, words in field.choices}  # type: ignore[misc, union-attr]
            return known.get(value, value)
        return value or _("none")

    def take(self, error: InputError) -> None:
        """Show an error of the action at its field, if it is one of ours, or on top."""
        self.add_error(error.field if error.field in self.fields else None, str(error))

    def _picked(self, name: str) -> Any:
        return self._rows[name].get(self.cleaned_data[name])


def _not_held(actor: Actor, tie: Association) -> list[str]:
    """Return the words for those rights of the association's level that the actor lacks there."""
    names = tie.access_level.permissions
    labels = {p.name: str(p.label) for p in permissions()}
    return [labels.get(n, n) for n in names if not actor.may_grant([n], tie.site)]


def _form_name(name: str) -> str:
    """Return the form's name of an association's field: "patron_type_17" is "type_17"."""
    column, _line, number = name.rpartition("_")
    parts = {column: part for part, column in _PARTS.items()}
    return f"{parts[column]}_{number}" if column in parts else name


def lock_names(patron: Patron) -> dict[str, tuple[str, Association | None]]:
    """Return what each field of the form is to a source: its name, and of which association."""
    found: dict[str, tuple[str, Association | None]] = {name: (name, None) for name in _RECORD}
    for tie in patron.associations.all():
        found |= {f"{part}_{tie.pk}": (column, tie) for part, column in _PARTS.items()}
    return found


def values_of(patron: Patron) -> dict[str, str]:
    """Return all values of the form as they are stored, as text, by field."""
    found = {
        "status": patron.status,
        "grade_level": patron.grade_level,
        "graduation_year": str(patron.graduation_year or ""),
        "expires_on": "" if patron.expires_on is None else patron.expires_on.isoformat(),
        "local_codes": ", ".join(codes_of(patron)),
        "resource_sharing_library": str(patron.resource_sharing_library_id or ""),
    }
    for tie in patron.associations.all():
        for part, column in _PARTS.items():
            found[f"{part}_{tie.pk}"] = str(getattr(tie, f"{column}_id") or "")
    return found
