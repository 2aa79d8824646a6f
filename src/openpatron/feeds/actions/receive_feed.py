"""Take a file in: kept below the data folder, readable by nobody else, with its digest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.feeds.models import Feed
from openpatron.feeds.permissions import MANAGE
from openpatron.kernel.errors import InputError, NotFoundError
from openpatron.kernel.text import clean
from openpatron.patrons.models import Source

_CHUNK = 1 << 20


def receive_feed(
    actor: Actor, source: Source, name: str, content: Iterable[bytes], arrival: Feed.Arrival
) -> Feed:
    """Store the file and return its feed. ``name`` is what it was called, ``content`` its bytes.

    Raises ``InputError`` ("file") where nothing is in it: an empty file withdraws nobody.
    """
    actor.require(MANAGE)
    if not Source.objects.filter(pk=source.pk).exists():
        raise NotFoundError(_("There is no such source here."))
    shown = clean(Path(name.replace("\\", "/")).name, "file", limit=255) or _("unnamed")
    place = Path("feeds") / actor.organization.slug / f"{uuid4().hex}{_suffix(shown)}"
    path = Path(settings.DATA_DIR) / place
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "wb") as file:
            for part in content:
                digest.update(part)
                size += len(part)
                file.write(part)
        _require_content(size, shown)
        return Feed.objects.create(
            organization=actor.organization,
            source=source,
            arrival=arrival,
            file_name=shown,
            path=str(place),
            size=size,
            digest=digest.hexdigest(),
            received_by=actor.account_id,
        )
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def discard_feed(feed: Feed) -> None:
    """Let go of a feed that was never run, with its file, once that is committed."""
    path = Path(settings.DATA_DIR) / feed.path
    feed.delete()
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def _require_content(size: int, name: str) -> None:
    if not size:
        raise InputError("file", _("The file %s is empty. Nothing is changed by it.") % name)


def parts_of(path: Path) -> Iterator[bytes]:
    """Yield a file's content; raises ``InputError`` ("file") where it cannot be read."""
    try:
        with path.open("rb") as file:
            while part := file.read(_CHUNK):
                yield part
    except OSError as error:
        raise InputError(
            "file",
            _("The file %(name)s cannot be read: %(why)s.")
            % {"name": str(path)[:200], "why": error.strerror or str(error)},
        ) from None


def _suffix(name: str) -> str:
    """Return the end of the name, which tells a format; nothing else of it gets into a path."""
    suffix = Path(name).suffix.lower()
    return suffix if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) < 8 else ""  # noqa: PLR2004  short
