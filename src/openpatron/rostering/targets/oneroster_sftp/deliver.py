"""Makes the package here, sends it under another name, and gives it its own when it is whole."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import paramiko
from django.utils.translation import gettext as _

from openpatron.kernel import sftp
from openpatron.kernel.sealed import BrokenSealError, unseal
from openpatron.rostering.models import Target
from openpatron.rostering.packages import write_package
from openpatron.rostering.targets.base import DeliveryError, ReconfigureError, RetryError

NAME = "oneroster.zip"
_ASIDE = f".{NAME}.part"
_SSH = 22


def deliver(target: Target) -> None:
    """Put ``oneroster.zip`` into the folder over there. Raises one of the errors of ``base``."""
    parts = urlsplit(target.address)
    place = sftp.Place(
        parts.hostname or "", parts.port or _SSH, unquote(parts.username or ""), target.host_key
    )
    try:
        secret = unseal(target.sealed_secret)
    except BrokenSealError as error:
        raise ReconfigureError(
            _("The secret of this target cannot be read any more. Type it again.")
        ) from error
    with tempfile.TemporaryDirectory(prefix="openpatron-") as kept:
        package = Path(kept, NAME)
        sites = list(target.sites.order_by("name", "pk"))
        write_package(target.organization, sites, target.version, package, target.scopes)
        try:
            with sftp.connected(place, secret) as server:
                _send(server, package, unquote(parts.path) or ".")
        except sftp.ConnectionLostError as error:
            raise RetryError(str(error)) from error
        except sftp.SftpError as error:
            raise ReconfigureError(str(error)) from error


def _send(server: paramiko.SFTPClient, package: Path, folder: str) -> None:
    aside, name = f"{folder}/{_ASIDE}", f"{folder}/{NAME}"
    try:
        # (paramiko compares the size over there itself, and raises where it is another)
        server.put(str(package), aside)
        _rename(server, aside, name)
    except (FileNotFoundError, PermissionError) as error:
        raise _no_folder(folder) from error


def _rename(server: paramiko.SFTPClient, aside: str, name: str) -> None:
    """Replace the last package; by two steps where the server knows no better."""
    try:
        server.posix_rename(aside, name)
    except (FileNotFoundError, PermissionError):
        raise
    except OSError:
        with suppress(FileNotFoundError):
            server.remove(name)
        server.rename(aside, name)


def _no_folder(folder: str) -> DeliveryError:
    return ReconfigureError(
        _("There is no folder “%s” on the server, or nothing may be written there. Correct it.")
        % folder[:200]
    )
