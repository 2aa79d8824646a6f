"""Sends the message: JSON without personal data, signed (HMAC-SHA256 of the body)."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPRedirectHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.kernel.retry_after import retry_after
from openpatron.kernel.sealed import BrokenSealError, unseal
from openpatron.rostering.models import Target
from openpatron.rostering.targets.base import GiveUpError, ReconfigureError, RetryError

from .outside import InsideError, OutsideHandler, OutsideSecureHandler

SIGNATURE = "X-OpenPatron-Signature"
# Seconds: a platform that is slower than this is tried again.
TIMEOUT = 10
_GONE, _TOO_MANY, _TIMED_OUT, _TOO_EARLY = 410, 429, 408, 425
_BROKEN = 500


class _NoRedirects(HTTPRedirectHandler):
    """An address that moved is changed by a person: messages do not follow to elsewhere."""

    def redirect_request(self, *_args: object, **_words: object) -> None:
        """Follow nothing."""


def deliver(target: Target) -> None:
    """Post the message. Raises one of the errors of ``base``."""
    try:
        secret = unseal(target.sealed_secret)
    except BrokenSealError as error:
        raise ReconfigureError(
            _("The secret of this target cannot be read any more. Make a new one.")
        ) from error
    sites = target.sites.order_by("short_name").values_list("short_name", flat=True)
    body = json.dumps(
        {
            "event": "roster.changed",
            "organization": target.organization.slug,
            "sites": list(sites),
            "at": timezone.now().isoformat(),
        }
    ).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", SIGNATURE: f"sha256={signature}"}
    if urlsplit(target.address).scheme not in {"http", "https"}:
        raise ReconfigureError(_("The address has to begin with https://. Change it."))
    request = Request(target.address, body, headers, method="POST")  # noqa: S310  the scheme is one of two
    try:
        with _opener().open(request, timeout=TIMEOUT):
            return
    except InsideError as error:
        raise ReconfigureError(
            _(
                "The address leads into the network of this server, where messages are not sent. "
                "Change it, or ask the operator to allow it (OPENPATRON_PRIVATE_WEBHOOKS)."
            )
        ) from error
    except HTTPError as error:
        raise _refusal(error) from error
    except URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise ReconfigureError(
                _("The certificate of the platform cannot be trusted. Its operator has to mend it.")
            ) from error
        raise RetryError(_("The platform cannot be reached.")) from error
    except (OSError, HTTPException) as error:
        raise RetryError(_("The platform did not answer in time, or broke off.")) from error
    except ValueError as error:
        raise ReconfigureError(_("The address cannot be used. Change it.")) from error


def _opener() -> OpenerDirector:
    if settings.OPENPATRON_PRIVATE_WEBHOOKS:
        return build_opener(_NoRedirects)
    # (a proxy would look the name up again, and go where it likes)
    return build_opener(_NoRedirects, ProxyHandler({}), OutsideHandler, OutsideSecureHandler)


def _refusal(error: HTTPError) -> Exception:
    words = {"code": error.code}
    if error.code in {_TOO_MANY, _TIMED_OUT, _TOO_EARLY} or error.code >= _BROKEN:
        sentence = _("The platform answered %(code)d. It will be tried again.") % words
        return RetryError(sentence, retry_after(error.headers.get("Retry-After", "")))
    if error.code == _GONE:
        return GiveUpError(_("The platform wants no messages any more (it answered 410).") % words)
    return ReconfigureError(
        _("The platform refused the message (it answered %(code)d). Look at address and secret.")
        % words
    )
