"""The routes of signing in elsewhere."""

from __future__ import annotations

from typing import Any

from openpatron.accounts.models import IdentityProvider
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import Patron
from tests.world import World

from .base import EVERYBODY, ONLY_MANAGER, SIGNED_IN, Route

_NUMBER = {"number": "provider"}
ROUTES: dict[str, Route] = {
    "choose_organization": Route(EVERYBODY, is_outside=True),
    "sign_in_at": Route(EVERYBODY, is_outside=True),
    "sign_in_elsewhere": Route(EVERYBODY, {"code": "provider_code"}, is_outside=True),
    "back_from_elsewhere": Route(EVERYBODY, {"code": "provider_code"}, is_outside=True),
    "saml_metadata": Route(EVERYBODY, {"code": "saml_code"}, is_outside=True),
    "agree_to_identity": Route(SIGNED_IN, is_outside=True),
    "identity_providers": Route(ONLY_MANAGER),
    "add_identity_provider": Route(ONLY_MANAGER),
    "edit_identity_provider": Route(ONLY_MANAGER, _NUMBER),
    "check_identity_provider": Route(ONLY_MANAGER, _NUMBER),
    "delete_identity_provider": Route(ONLY_MANAGER, _NUMBER),
}
# A server that is certainly not there.
_NOWHERE = "http://127.0.0.1:1"
METADATA = (
    '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="http://id.example">'
    '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
    '<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
    'Location="http://id.example/sso"/></IDPSSODescriptor></EntityDescriptor>'
)


def things(world: World, ours: Patron, theirs: Patron) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the addresses name: here, and next door."""
    made = {}
    for organization in (world.cascadia, world.rainier):
        with open_organization(organization):
            made[organization.pk] = IdentityProvider.objects.create(
                organization=organization,
                code="ldap",
                name="Directory",
                kind="ldap",
                settings={
                    "server": _NOWHERE.replace("http", "ldaps"),
                    "base": "dc=x",
                    "name_attribute": "uid",
                    "claim": "employeeNumber",
                    "bind_dn": "",
                    "certificates": "",
                    "match": "external_id",
                },
            ).pk
            IdentityProvider.objects.create(
                organization=organization,
                code="saml",
                name="Campus",
                kind="saml",
                settings={"metadata": METADATA, "claim": "", "match": "external_id"},
            )
    same = {"provider_code": "ldap", "saml_code": "saml"}
    here, there = ({"provider": made[one.pk]} for one in (world.cascadia, world.rainier))
    return same | here, same | there
