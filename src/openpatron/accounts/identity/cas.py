"""CAS, version 3: the browser comes back with a ticket, which we have the server validate."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from django.utils.translation import gettext as _

from openpatron.accounts.provider_models import IdentityProvider

from . import http
from .base import (
    Addresses,
    Answer,
    Begun,
    SetupError,
    address,
    one_word,
    refused,
    the_subject,
    unreachable,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_CAS = "{http://www.yale.edu/tp/cas}"


def read(typed: Mapping[str, str]) -> dict[str, str]:
    """Return server and claim, as they are stored."""
    return {
        "server": address(typed["server"], "server").rstrip("/"),
        "claim": one_word(typed["claim"], "claim"),
    }


def begin(provider: IdentityProvider, ours: Addresses) -> Begun:
    """Send the browser to the server; the way back holds a word that only this session knows."""
    state = secrets.token_urlsafe(32)
    words = urlencode({"service": _service(ours, state)})
    return Begun(f"{provider.settings['server']}/login?{words}", {"state": state})


def finish(
    provider: IdentityProvider, ours: Addresses, kept: Mapping[str, str], answer: Answer
) -> str:
    """Return whom the ticket is for. A ticket counts once, for this very service."""
    if not hmac.compare_digest(answer.words.get("state", "").encode(), kept["state"].encode()):
        raise refused("state")
    ticket = answer.words.get("ticket", "")
    if not ticket.startswith("ST-"):
        raise refused("no ticket")
    said = _validate(provider, _service(ours, kept["state"]), ticket)
    success = said.find(f"{_CAS}authenticationSuccess")
    if success is None:
        raise refused("ticket")
    claim = provider.settings["claim"]
    if not claim:
        return the_subject(success.findtext(f"{_CAS}user"))
    values = success.findall(f"{_CAS}attributes/{_CAS}{claim}")
    return the_subject([value.text for value in values])


def check(provider: IdentityProvider, ours: Addresses) -> str:
    """Have the server validate a ticket that does not exist: it has to refuse it, properly."""
    said = _validate(provider, _service(ours, "check"), "ST-none")
    failure = said.find(f"{_CAS}authenticationFailure")
    code = "" if failure is None else failure.get("code", "")
    if code not in {"INVALID_TICKET", "INVALID_TICKET_SPEC"}:
        raise SetupError(
            "check",
            _(
                "%(name)s answers, but does not let this program validate tickets (%(code)s). "
                "Our address has to be registered there as a service."
            )
            % {"name": provider.name, "code": code[:40] or "?"},
        )
    return _("It answers as a CAS server does.")


def _service(ours: Addresses, state: str) -> str:
    return f"{ours.back}?{urlencode({'state': state})}"


def _validate(provider: IdentityProvider, service: str, ticket: str) -> Element:
    where = f"{provider.settings['server']}/p3/serviceValidate"
    try:
        got = http.get(where, words={"service": service, "ticket": ticket})
        found: Element = fromstring(got.body)
    except (http.NoAnswerError, ParseError, DefusedXmlException, ValueError):
        raise unreachable(provider, "validation") from None
    if found.tag != f"{_CAS}serviceResponse":
        raise unreachable(provider, "validation: no CAS")
    return found
