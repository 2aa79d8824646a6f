"""The form of an identity provider: what all have, and what each protocol wants to know."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _, gettext_lazy

from openpatron.accounts.identity.base import DISTRICT_ID, EXTERNAL_ID
from openpatron.accounts.identity.protocols import FIELDS, WITH_SECRET, Kind
from openpatron.accounts.models import IdentityProvider
from openpatron.administration.actions.edit_identity_provider import WantedProvider

from .administration_form import AdministrationForm, yes_or_no


def _text(label: Any, hint: Any = "", *, needed: bool = False, limit: int = 500) -> forms.CharField:
    looks = {"autocapitalize": "none", "spellcheck": "false"}
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=limit,
        required=needed,
        widget=forms.TextInput(looks),
    )


def _long(label: Any, hint: Any, *, needed: bool = True) -> forms.CharField:
    looks = {"rows": 8, "spellcheck": "false"}
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=200_000,
        required=needed,
        widget=forms.Textarea(looks),
    )


_FIELDS: dict[str, dict[str, forms.CharField]] = {
    Kind.OIDC: {
        "issuer": _text(
            gettext_lazy("Issuer"),
            gettext_lazy("Like https://login.microsoftonline.com/TENANT/v2.0."),
            needed=True,
        ),
        "client_id": _text(
            gettext_lazy("Client id"),
            gettext_lazy("The provider gives it when you register this application there."),
            needed=True,
        ),
        "scopes": _text(
            gettext_lazy("Scopes besides openid"),
            gettext_lazy("Like profile, where the claim below needs it. With spaces between."),
        ),
        "claim": _text(
            gettext_lazy("Claim with the id of the person"),
            gettext_lazy("Empty: sub. Entra ID: oid, or employeeid if it is sent."),
        ),
        "required": _text(
            gettext_lazy("Claim that must have a value"),
            gettext_lazy("Like hd=school.example with Google: others are refused."),
        ),
    },
    Kind.SAML: {
        "metadata": _long(
            gettext_lazy("Metadata of the provider"),
            gettext_lazy("The whole XML document, as it can be downloaded there."),
        ),
        "claim": _text(
            gettext_lazy("Attribute with the id of the person"),
            gettext_lazy("Empty: the NameID, which then must stay the same for ever."),
        ),
    },
    Kind.LDAP: {
        "server": _text(
            gettext_lazy("Server"),
            gettext_lazy("Like ldaps://directory.school.example. With ldap:// StartTLS is used."),
            needed=True,
        ),
        "base": _text(
            gettext_lazy("Where people are"),
            gettext_lazy("Like ou=people,dc=school,dc=example."),
            needed=True,
        ),
        "name_attribute": _text(
            gettext_lazy("Attribute with the username"),
            gettext_lazy("Empty: uid. Active Directory: sAMAccountName."),
        ),
        "claim": _text(
            gettext_lazy("Attribute with the id of the person"),
            gettext_lazy("Empty: employeeNumber."),
        ),
        "bind_dn": _text(
            gettext_lazy("Account to search with"),
            gettext_lazy("Its distinguished name. Empty: the directory lets anybody search."),
        ),
        "certificates": _long(
            gettext_lazy("Certificates of the directory’s own authority"),
            gettext_lazy("Where the server’s certificate is not one that every browser knows."),
            needed=False,
        ),
    },
    Kind.CAS: {
        "server": _text(
            gettext_lazy("Server"),
            gettext_lazy("The address before /login, like https://cas.university.example/cas."),
            needed=True,
        ),
        "claim": _text(
            gettext_lazy("Attribute with the id of the person"),
            gettext_lazy("Empty: the name that the server tells."),
        ),
    },
}
_SECRETS = {
    Kind.OIDC: gettext_lazy("Client secret"),
    Kind.LDAP: gettext_lazy("Password of the account to search with"),
}
_MATCH = forms.ChoiceField(
    label=gettext_lazy("Who the id belongs to"),
    help_text=gettext_lazy("Nobody is ever recognized by an e-mail address or a name."),
    choices=(
        (EXTERNAL_ID, gettext_lazy("The patron with this external id, of a source that uses it")),
        (DISTRICT_ID, gettext_lazy("The patron with this district id, in the whole organization")),
    ),
)


class IdentityProviderForm(AdministrationForm):
    """A name and a code; the rest follows from the kind."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("As people know it: it stands on the button to sign in."),
        max_length=120,
    )
    code = forms.CharField(
        label=gettext_lazy("Code"),
        help_text=gettext_lazy(
            "Stands in the addresses that the provider has to know, so better leave it as it is. "
            "Small letters, digits and hyphens."
        ),
        max_length=40,
    )
    is_active = yes_or_no(gettext_lazy("In use"), gettext_lazy("people may sign in with it"))

    kind = ""

    def __init__(self, data: Any = None, *, found: IdentityProvider | None = None) -> None:
        stored: dict[str, Any] = {"is_active": ["yes"]}
        if found is not None:
            stored = {"name": found.name, "code": found.code, **found.settings}
            stored["is_active"] = ["yes"] if found.is_active else []
        super().__init__(data, stored=stored)
        if found is not None and found.sealed_secret and "secret" in self.fields:
            self.fields["secret"].help_text = _(
                "There is one; it is never shown. Leave this empty to keep it."
            )

    @property
    def wanted(self) -> WantedProvider:
        """What a valid form asks for; an empty secret keeps the one there is."""
        given = self.cleaned_data
        return WantedProvider(
            code=given["code"],
            name=given["name"],
            settings={name: given[name] for name in (*FIELDS[self.kind], "match")},
            secret=given.get("secret") or None,
            is_active=bool(given["is_active"]),
        )


def form_of(kind: str) -> type[IdentityProviderForm]:
    """Return the form of a kind: what all have, and between it what its protocol wants to know."""
    own: dict[str, forms.Field] = dict(_FIELDS[kind])
    if kind in WITH_SECRET:
        own["secret"] = forms.CharField(
            label=_SECRETS[Kind(kind)],
            help_text=gettext_lazy("It is kept sealed and never shown again."),
            max_length=1000,
            required=False,
            # Never filled in: the page knows no secret.
            widget=forms.PasswordInput(render_value=False),
        )
    own["match"] = _MATCH
    order = ("name", "code", *own, "is_active")
    return type(
        "IdentityProviderForm", (IdentityProviderForm,), {"kind": kind, "field_order": order, **own}
    )
