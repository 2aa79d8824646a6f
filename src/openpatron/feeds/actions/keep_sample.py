"""Keep a sample file while somebody makes a source of it: a day at most, for that person alone."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.feeds.permissions import MANAGE as PERMISSION
from openpatron.kernel.errors import InputError, NotFoundError

LARGEST = 50 << 20
"""So many bytes tell what a file is like."""

_KEPT_SECONDS = 24 * 3600
_KEY = re.compile(r"[A-Za-z0-9_-]{20,40}")
_NAME = re.compile(r"[^\w.-]+")


def keep_sample(actor: Actor, name: str, pieces: Iterable[bytes]) -> str:
    """Write a sample into a folder of its own and return its key; ``name``: what it was called."""
    actor.require(PERMISSION)
    _forget_old()
    key = secrets.token_urlsafe(18)
    folder = _folder(actor) / key
    folder.mkdir(parents=True, mode=0o700)
    safe = _NAME.sub("_", Path(name).name)[-80:].lstrip(".") or "sample"
    size = 0
    with (folder / safe).open("wb") as written:
        for piece in pieces:
            size += len(piece)
            if size > LARGEST:
                break
            written.write(piece)
    if size > LARGEST:
        shutil.rmtree(folder)
        raise InputError(
            "file",
            _("The file is larger than %d MB. A part of it is enough to make a source.")
            % (LARGEST >> 20),
        )
    return key


def kept_sample(actor: Actor, key: str) -> Path:
    """Return the sample of that key, if it is the actor's and still there."""
    actor.require(PERMISSION)
    if _KEY.fullmatch(key):
        for file in sorted((_folder(actor) / key).glob("*")):
            return file
    raise NotFoundError(_("This sample is no longer kept. Upload it again."))


def forget_sample(actor: Actor, key: str) -> None:
    """Delete a sample."""
    actor.require(PERMISSION)
    if _KEY.fullmatch(key):
        shutil.rmtree(_folder(actor) / key, ignore_errors=True)


def _folder(actor: Actor) -> Path:
    return _root() / str(actor.organization.pk) / str(actor.account_id or 0)


def _root() -> Path:
    return Path(settings.DATA_DIR) / "samples"


def _forget_old() -> None:
    oldest = time.time() - _KEPT_SECONDS
    for folder in _root().glob("*/*/*"):
        try:
            is_old = folder.stat().st_mtime < oldest
        except OSError:
            continue  # somebody else was faster
        if is_old:
            shutil.rmtree(folder, ignore_errors=True)
