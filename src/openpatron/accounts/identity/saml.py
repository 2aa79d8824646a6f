"""SAML 2, as a service provider: asked by redirect, answered by a signed assertion in a form.

pysaml2 checks signatures with the program xmlsec1; it is told to trust the one provider whose
metadata was entered, and nothing that nobody asked for.
"""

from __future__ import annotations

import shutil
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from cryptography import x509
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from django.core.cache import cache
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from openpatron.accounts.provider_models import IdentityProvider
from openpatron.kernel.errors import InputError

from .base import (
    Addresses,
    Answer,
    Begun,
    RefusedError,
    SetupError,
    missing_extra,
    one_word,
    refused,
    the_subject,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_META = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_SIGNED = "{http://www.w3.org/2000/09/xmldsig#}"
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_LONGEST = 200_000
# Seconds that clocks may be apart, and that an assertion is remembered once it was used.
_LEEWAY, _REMEMBERED = 60, 24 * 60 * 60


def read(typed: Mapping[str, str]) -> dict[str, str]:
    """Return metadata and claim, as they are stored."""
    return {
        "metadata": _metadata(typed["metadata"]),
        "claim": one_word(typed["claim"], "claim"),
    }


def begin(provider: IdentityProvider, ours: Addresses) -> Begun:
    """Send the browser to the provider with a request that has a number."""
    number, said = _client(provider, ours).prepare_for_authenticate(
        binding=_REDIRECT, relay_state=""
    )
    return Begun(dict(said["headers"])["Location"], {"request": number})


def finish(
    provider: IdentityProvider, ours: Addresses, kept: Mapping[str, str], answer: Answer
) -> str:
    """Return the subject of the assertion: signed, for us, for now, for this request, once."""
    if not answer.response:
        raise refused("no response")
    _refuse_weak(answer.response)
    client = _client(provider, ours)
    from saml2 import SAMLError  # noqa: PLC0415  an extra; it is there by now
    from saml2.response import StatusError  # noqa: PLC0415

    try:
        found = client.parse_authn_request_response(
            answer.response, _POST, outstanding={kept["request"]: ours.back}
        )
    except StatusError as error:
        raise RefusedError(
            f"status: {type(error).__name__}",
            _("%s did not sign you in. Begin again, or ask there why.") % provider.name,
        ) from None
    except (SAMLError, AssertionError, AttributeError, ValueError, KeyError, TypeError) as error:
        raise refused(f"SAML: {type(error).__name__}") from None
    except Exception as error:  # what is signed badly it refuses by errors of many kinds
        raise refused(f"SAML: {type(error).__name__}") from error
    if found is None or found.assertion is None or found.in_response_to != kept["request"]:
        raise refused("SAML: not asked for")
    mark = sha256(f"{provider.pk}:{found.assertion.id}".encode()).hexdigest()
    if not cache.add(f"saml-assertion:{mark}", 1, _REMEMBERED):
        raise refused("SAML: replayed")
    claim = provider.settings["claim"]
    return the_subject(_attribute(found.assertion, claim) if claim else _name_id(found))


def check(provider: IdentityProvider, ours: Addresses) -> str:
    """Look whether the metadata can be used, and for how long."""
    _client(provider, ours)
    ends = [cert.not_valid_after_utc for cert in _certificates(provider.settings["metadata"])]
    last = max(ends)
    if last < datetime.now(UTC):
        raise SetupError(
            "certificate",
            _("The certificate in the metadata of %(name)s expired on %(day)s. Enter the new one.")
            % {"name": provider.name, "day": date_format(last)},
        )
    return _("The metadata can be used; its certificate is valid until %s.") % date_format(last)


def metadata(provider: IdentityProvider, ours: Addresses) -> bytes:
    """Return what the provider has to know of us, as XML."""
    client = _client(provider, ours)
    from saml2.metadata import entity_descriptor  # noqa: PLC0415  an extra; it is there by now

    return str(entity_descriptor(client.config)).encode()


def _client(provider: IdentityProvider, ours: Addresses) -> Any:
    try:
        from saml2.client import Saml2Client  # noqa: PLC0415  an extra
        from saml2.config import SPConfig  # noqa: PLC0415
    except ImportError:
        raise missing_extra("saml", "SAML") from None
    program = shutil.which("xmlsec1")
    if program is None:
        raise SetupError(
            "xmlsec1",
            _("The program xmlsec1 is not installed here. The operator installs it."),
        )
    there = {
        "entityid": ours.metadata,
        "xmlsec_binary": program,
        "accepted_time_diff": _LEEWAY,
        "allow_unknown_attributes": True,
        "metadata": {"inline": [provider.settings["metadata"]]},
        "service": {
            "sp": {
                "name": "OpenPatron",
                "endpoints": {"assertion_consumer_service": [(ours.back, _POST)]},
                "allow_unsolicited": False,
                "authn_requests_signed": False,
                "want_assertions_signed": True,
                "want_response_signed": False,
            }
        },
    }
    return Saml2Client(SPConfig().load(there))


def _refuse_weak(response: str) -> None:
    """Refuse what is no XML, and what is signed by methods that can be forged by now."""
    try:
        found = fromstring(b64decode(response))
    except (Base64Error, ParseError, DefusedXmlException, ValueError):
        raise refused("SAML: no XML") from None
    methods = [
        one.get("Algorithm", "").lower()
        for name in ("SignatureMethod", "DigestMethod")
        for one in found.iter(f"{_SIGNED}{name}")
    ]
    if not methods or any("sha1" in one or "md5" in one for one in methods):
        raise refused("SAML: unsigned or weakly signed")


def _attribute(assertion: Any, name: str) -> list[str]:
    """Return the values of an attribute, by its name or its friendly name."""
    return [
        value.text
        for statement in assertion.attribute_statement
        for one in statement.attribute
        if name in {one.name, one.friendly_name}
        for value in one.attribute_value
    ]


def _name_id(found: Any) -> str | None:
    """Return the NameID, unless it is another one at each sign-in."""
    name = found.name_id
    return None if name is None or name.format == _TRANSIENT else name.text


def _metadata(text: str) -> str:
    """Return the metadata of one identity provider, as it was pasted, or raise ``InputError``."""
    value = text.strip().lstrip("\ufeff")
    try:
        # Too much of it is cut, and so no document any more.
        root = fromstring(value.encode()[:_LONGEST])
    except (ParseError, DefusedXmlException, ValueError):
        raise InputError(
            "metadata",
            _("This is no SAML metadata. Paste the whole XML document of the provider."),
        ) from None
    providers = list(_providers(root))
    if len(providers) != 1 or not providers[0].get("entityID"):
        raise InputError(
            "metadata",
            _("This document describes %d identity providers. It has to be one.") % len(providers),
        )
    if not _sign_in_addresses(root) or not _certificates(value):
        raise InputError(
            "metadata",
            _(
                "This document lacks what is needed: an address to sign in by redirect, and a "
                "certificate to check answers with."
            ),
        )
    return value


def _providers(root: Element) -> Iterator[Element]:
    for one in root.iter(f"{_META}EntityDescriptor"):
        if one.find(f"{_META}IDPSSODescriptor") is not None:
            yield one


def _sign_in_addresses(root: Element) -> list[str]:
    return [
        one.get("Location", "")
        for one in root.iter(f"{_META}SingleSignOnService")
        if one.get("Binding") == _REDIRECT and one.get("Location", "").startswith("http")
    ]


def _certificates(text: str) -> list[x509.Certificate]:
    """Return the certificates that can be read."""
    found = []
    for descriptor in fromstring(text.encode()).iter(f"{_META}IDPSSODescriptor"):
        for one in descriptor.iter(f"{_SIGNED}X509Certificate"):
            try:
                raw = b64decode("".join((one.text or "").split()))
                found.append(x509.load_der_x509_certificate(raw))
            except (Base64Error, ValueError):
                continue
    return found
