"""The form behind Register patron: which fields there are, and what was typed in them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core import signing
from django.http import QueryDict
from django.utils.translation import gettext as _

from openpatron.access.queries import access_levels
from openpatron.accounts.rules import email, one_case, personal_data, written_email
from openpatron.administration.queries import templates
from openpatron.kernel.errors import InputError
from openpatron.organizations.models import Site
from openpatron.organizations.queries import patron_types, sites
from openpatron.patrons.actions.register_patron import PERMISSION, Registered, WantedRole
from openpatron.patrons.likely_patrons import Sought
from openpatron.patrons.office import Office, codes_in, sites_to_share_with
from openpatron.patrons.personal_data import column_of
from openpatron.patrons.rules import months_later
from openpatron.patrons.staff_roles import PERMISSION as ROLES

from .form_words import said_of
from .personal_words import languages
from .register_words import helps, labels
from .staff_roles import StaffRoleForm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openpatron.access.actor import Actor
    from openpatron.access.models import AccessLevel
    from openpatron.patrons.models import RegistrationTemplate

IDENTITY = ("first_name", "last_name", "birth_date", "email", "username")
NAMES = ("middle_name", "preferred_name", "suffix", "mobile_phone")
FURTHER = (
    "gender", "home_phone", "business_phone", "other_phone", "street", "postal_code", "city",
    "country", "page_language",
)  # fmt: skip
MANAGEMENT = (
    "site", "patron_type", "access_level", "barcode", "district_id", "grade_level",
    "graduation_year", "expires_on", "language",
)  # fmt: skip
MORE = ("additional_email", "local_codes", "resource_sharing_library")
_PERSONAL = (*IDENTITY, *NAMES, "country", *FURTHER)
_SALT = "openpatron.web.register_patron"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered about a username and an e-mail address: the initials, "" for nobody.

    It goes along with the form, signed, and counts only for whom it was given and asked about.
    """

    username: str
    email: str
    initials: str
    asked_by: int | None
    organization: int

    def signed(self) -> str:
        """Return it as a word for a hidden field."""
        return signing.dumps(asdict(self), salt=_SALT)


class RegisterForm(forms.Form):
    """A person and their record here."""

    use_required_attribute = False

    first_name = forms.CharField(max_length=100, required=False)
    last_name = forms.CharField(max_length=100)
    birth_date = forms.DateField(required=False)
    # Not forms.EmailField: the rule is ours, and wider.
    email = forms.CharField(max_length=254, required=False)
    username = forms.CharField(max_length=150)
    has_agreed = forms.BooleanField(required=False)
    middle_name = forms.CharField(max_length=100, required=False)
    preferred_name = forms.CharField(max_length=100, required=False)
    suffix = forms.CharField(max_length=20, required=False)
    mobile_phone = forms.CharField(max_length=40, required=False)
    gender = forms.CharField(max_length=40, required=False)
    home_phone = forms.CharField(max_length=40, required=False)
    business_phone = forms.CharField(max_length=40, required=False)
    other_phone = forms.CharField(max_length=40, required=False)
    street = forms.CharField(max_length=200, required=False)
    postal_code = forms.CharField(max_length=20, required=False)
    city = forms.CharField(max_length=100, required=False)
    country = forms.CharField(max_length=2, required=False)
    page_language = forms.ChoiceField(required=False)
    site = forms.ChoiceField()
    patron_type = forms.ChoiceField()
    access_level = forms.ChoiceField()
    barcode = forms.CharField(max_length=40, required=False)
    district_id = forms.CharField(max_length=40, required=False)
    grade_level = forms.CharField(max_length=30, required=False)
    graduation_year = forms.IntegerField(min_value=1900, max_value=2200, required=False)
    expires_on = forms.DateField(required=False)
    language = forms.ChoiceField(required=False)
    wants_mail = forms.BooleanField(required=False)
    additional_email = forms.CharField(max_length=254, required=False)
    local_codes = forms.CharField(max_length=2000, required=False)
    resource_sharing_library = forms.ChoiceField(required=False)
    keep_history = forms.BooleanField(required=False)
    template = forms.ChoiceField(required=False)
    generate_password = forms.BooleanField(required=False)
    send_link = forms.BooleanField(required=False)

    def __init__(
        self,
        actor: Actor,
        data: Mapping[str, Any] | None = None,
        *,
        typed: Mapping[str, Any] | None = None,
    ) -> None:
        """Take ``data`` to be checked, or what is ``typed`` so far and only to be shown again."""
        self._actor = actor
        super().__init__(data, initial=_plain(typed))
        self.role = _role_form(actor, data, typed) if actor.may_anywhere(ROLES) else None
        self.answer = _answer(actor, data if data is not None else typed or {})
        self._choices: dict[str, dict[str, Any]] = {
            "site": {str(s.pk): s for s in _sites(actor)},
            "patron_type": {str(t.pk): t for t in patron_types()},
        }
        self._choices["access_level"] = {str(a.pk): a for a in self._levels()}
        for name, found in self._choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101  for mypy
            several = [("", _("Choose …"))] if len(found) != 1 else []
            field.choices = [*several, *((key, one.name) for key, one in found.items())]
        for name, otherwise in (
            ("page_language", _("as the library")),
            ("language", _("the person's own")),
        ):
            cast("forms.ChoiceField", self.fields[name]).choices = [("", otherwise), *languages()]
        libraries = {str(site.pk): site for site in sites_to_share_with()}
        self._choices["resource_sharing_library"] = libraries
        cast("forms.ChoiceField", self.fields["resource_sharing_library"]).choices = [
            ("", _("none")),
            *((key, one.name) for key, one in libraries.items()),
        ]
        if not libraries:
            del self.fields["resource_sharing_library"]
        self.templates = templates(actor)
        cast("forms.ChoiceField", self.fields["template"]).choices = [
            ("", _("none")),
            *((str(one.pk), one.name) for one in self.templates),
        ]
        if self._agreed(data or {}):
            self.fields["last_name"].required = self.fields["username"].required = False
        self._word()

    def _levels(self) -> list[AccessLevel]:
        """Return the levels that the actor may grant at one of the sites at least."""
        places = list(self._choices["site"].values())
        return [
            level
            for level in access_levels()
            if any(self._actor.may_give(level, site) for site in places)
        ]

    def _word(self) -> None:
        for name, field in self.fields.items():
            field.label = str(labels()[name])
            field.help_text = str(helps().get(name, ""))
            field.error_messages["required"] = _("A value is needed here.")
            field.error_messages["invalid_choice"] = _("Choose one of the values of the list.")
            if isinstance(field, forms.BooleanField):
                field.widget.attrs["class"] = "form-check-input"
                continue
            if isinstance(field, forms.DateField):
                field.input_formats = ["%Y-%m-%d"]
                field.widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
                field.error_messages["invalid"] = _(
                    "This is no date. Write it as year-month-day, like 2016-02-29."
                )
            if isinstance(field, forms.IntegerField):
                # Not a number input: that one hands over nothing where something else is typed.
                field.widget = forms.TextInput({"inputmode": "numeric", "maxlength": "4"})
                for kind in ("invalid", "min_value", "max_value"):
                    field.error_messages[kind] = _(
                        "Give a year from 1900 to 2200, or leave it empty."
                    )
            is_choice = isinstance(field, forms.ChoiceField)
            field.widget.attrs["class"] = "form-select" if is_choice else "form-control"
            # The person at the keyboard is not the person who is typed.
            field.widget.attrs["autocomplete"] = "off"
        for name in ("email", "username", "barcode"):
            self.fields[name].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}
        self.fields["email"].widget.attrs["inputmode"] = "email"

    def _agreed(self, typed: Mapping[str, Any]) -> bool:
        """Tell whether the person agreed to the use of the very account that was answered."""
        return (
            bool(typed.get("has_agreed")) and self.answer is not None and bool(self.answer.initials)
        )

    def clean(self) -> dict[str, Any]:
        """Ask the rules about each field by itself, so that all that is wrong is said at once."""
        cleaned: dict[str, Any] = super().clean() or {}
        region = self._actor.organization.country
        # The country first: telephone numbers without a + belong to it.
        for name in ("country", *dict.fromkeys(_PERSONAL)):
            if cleaned.get(name):
                try:
                    stored = {column_of(name): cleaned[name]}
                    found = personal_data(stored, region=region, today=date.max)
                except InputError as error:
                    self.take(error)
                else:
                    region = found.get("country", region)
        try:
            email(cleaned.get("additional_email", ""), "additional_email")
        except InputError as error:
            self.take(error)
        return cleaned

    def is_valid(self) -> bool:
        """Tell whether all is well, the staff role as well."""
        role_is_well = self.role is None or self.role.is_valid()
        return super().is_valid() and role_is_well

    def take(self, error: InputError) -> None:
        """Show an error at its field, if it is one of ours, or on top."""
        at = error.field.removeprefix("role_")
        if self.role is not None and at != error.field and at in self.role.fields:
            self.role.add_error(at, said_of(error))
            return
        if not self.is_bound:
            # What is only shown again has not been checked, so there is no room for errors yet.
            self.full_clean()
            self.cleaned_data = {}
        self.add_error(error.field if error.field in self.fields else None, said_of(error))

    def wanted(self, password: str | None) -> Registered:
        """Return what was typed, for the action."""
        values = self.cleaned_data
        names = dict.fromkeys((*_PERSONAL, "keep_history"))
        return Registered(
            personal={column_of(n): values[n] for n in names if values.get(n)},
            site=self._picked("site"),
            patron_type=self._picked("patron_type"),
            access_level=self._picked("access_level"),
            has_agreed=self._agreed(self.data),
            password=password,
            send_link=values["send_link"],
            wants_mail=values["wants_mail"],
            additional_email=values["additional_email"],
            office=Office(
                codes_in(values["local_codes"]),
                self._picked("resource_sharing_library")
                if values.get("resource_sharing_library")
                else None,
            ),
            roles=self._roles(),
            **{name: values[name] for name in MANAGEMENT[3:]},
        )

    def _picked(self, name: str) -> Any:
        return self._choices[name][self.cleaned_data[name]]

    def _roles(self) -> tuple[WantedRole, ...]:
        """Return the staff role that is to be given, if one is."""
        if self.role is None or not self.role.cleaned_data["level"]:
            return ()
        level, places = self.role.chosen()
        where = None if places is None else tuple(places)
        return (WantedRole(level, where, self.role.cleaned_data["ends_on"]),)

    @property
    def more(self) -> list[forms.BoundField]:
        """The part of the record that is mostly left out."""
        return [self[name] for name in MORE if name in self.fields]

    @property
    def more_is_open(self) -> bool:
        """Tell whether there is something to see in it."""
        return any(f.errors or f.value() for f in (*self.more, self["wants_mail"]))

    @property
    def role_is_open(self) -> bool:
        """Tell whether where and until when the role holds is of interest."""
        role = self.role
        shown = ("level", "sites", "ends_on")
        return role is not None and any(role[n].errors or role[n].value() for n in shown)

    @property
    def identity(self) -> list[forms.BoundField]:
        """Who it is."""
        return [self[name] for name in IDENTITY]

    @property
    def names(self) -> list[forms.BoundField]:
        """The personal data that is asked for most."""
        return [self[name] for name in NAMES]

    @property
    def further(self) -> list[forms.BoundField]:
        """The personal data that is mostly left out."""
        return [self[name] for name in FURTHER]

    @property
    def further_is_open(self) -> bool:
        """Tell whether there is something to see in what is mostly left out."""
        return any(field.errors or field.value() for field in self.further)

    @property
    def management(self) -> list[forms.BoundField]:
        """The record here, in the order in which it is asked for."""
        return [self[name] for name in MANAGEMENT]


def filled_in(template: RegistrationTemplate, today: date) -> dict[str, str]:
    """Return what a template fills in, as if it was typed; what it leaves open is left out."""
    months = template.expires_after_months
    found = {
        "site": template.site_id,
        "patron_type": template.patron_type_id,
        "access_level": template.access_level_id,
        "language": template.language,
        "expires_on": months_later(today, months).isoformat() if months else "",
        "template": template.pk,
    }
    return {name: str(value) for name, value in found.items() if value}


def sought(typed: Mapping[str, Any]) -> Sought:
    """Return what is typed so far of a person; a date that is none yet is left out."""
    try:
        born = date.fromisoformat(typed.get("birth_date", ""))
    except ValueError:
        born = None
    names = ("first_name", "last_name", "email", "username", "barcode")
    return Sought(birth_date=born, **{name: typed.get(name, "") for name in names})


def answer_for(actor: Actor, typed: Mapping[str, Any], initials: str) -> Answer:
    """Return the answer about what is typed."""
    # As they are compared: "muller" is not "müller".
    return Answer(
        one_case(typed.get("username", "").strip()).lower(),
        written_email(typed.get("email", "")).lower(),
        initials,
        actor.account_id,
        actor.organization.pk,
    )


def _answer(actor: Actor, typed: Mapping[str, Any]) -> Answer | None:
    """Return the answer that came along with the form, if it is about what is typed now."""
    try:
        found = Answer(**signing.loads(typed.get("answer", ""), salt=_SALT))
    except signing.BadSignature:
        return None
    return found if found == answer_for(actor, typed, found.initials) else None


def _plain(typed: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what was typed, by field."""
    return typed.dict() if isinstance(typed, QueryDict) else dict(typed or {})


def _role_form(actor: Actor, data: Any, typed: Mapping[str, Any] | None) -> StaffRoleForm:
    """Return the staff role's part of the form, to be checked or only shown again."""
    shown: dict[str, Any] = {}
    if isinstance(typed, QueryDict):
        shown = {
            n: typed[f"role-{n}"] for n in ("level", "where", "ends_on") if typed.get(f"role-{n}")
        }
        shown["sites"] = typed.getlist("role-sites")
    form = StaffRoleForm(actor, data, optional=True, prefix="role", initial=shown)
    # Beside the person's own access level on the same page.
    form.fields["level"].label = _("Level of the staff role")
    return form


def _sites(actor: Actor) -> list[Site]:
    allowed = actor.sites_with(PERMISSION)
    found = sites().exclude(kind=Site.Kind.MEDIA)
    return list(found if allowed is None else found.filter(pk__in=allowed))
