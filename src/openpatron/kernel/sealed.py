"""Secrets that have to be stored and used again: sealed with the installation's secret key."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class BrokenSealError(Exception):
    """What was sealed cannot be read: the secret key is another one by now."""


def seal(secret: str) -> str:
    """Return the secret as text that only this installation can read; "" stays ""."""
    return _box().encrypt(secret.encode()).decode() if secret else ""


def unseal(sealed: str) -> str:
    """Return what was sealed. Raises ``BrokenSealError`` where no key fits."""
    if not sealed:
        return ""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise BrokenSealError from error


def _box() -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    plain = (key if isinstance(key, bytes) else key.encode() for key in keys)
    digests = (hashlib.sha256(b"openpatron.sealed:" + key).digest() for key in plain)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
