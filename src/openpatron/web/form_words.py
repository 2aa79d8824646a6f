"""The sentences of errors as they stand beside a field."""

from __future__ import annotations

from openpatron.kernel.errors import InputError


def said_of(error: InputError) -> str:
    """Return the sentence without the field's name in front: it stands beside the field."""
    said = str(error)
    for name in (error.field, error.field.replace("_", " ")):
        said = said.removeprefix(f"{name}: ")
    return said[:1].upper() + said[1:]
