"""Reading the list of barcodes that a command is given as a file, or on standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError


def read_text(name: str, option: str = "barcodes") -> str:
    """Return the text of a file, or of standard input for "-"."""
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(
            option,
            _("--%(option)s: %(name)s is not a text in UTF-8.") % _words(option, name),
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(
            option,
            _("--%(option)s: %(name)s cannot be read: %(why)s.")
            % (_words(option, name) | {"why": getattr(error, "strerror", None) or str(error)}),
        ) from None


def _words(option: str, name: str) -> dict[str, str]:
    return {"option": option.replace("_", "-"), "name": name[:200]}
