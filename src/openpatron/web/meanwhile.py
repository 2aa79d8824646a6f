"""What somebody else changed while a form was open: nothing is overwritten silently.

A form carries, signed, the values that it was opened with. Who saves and meets others is shown
the differences first; what was typed over stays as typed, the rest takes the new value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.core import signing
from django.http import QueryDict


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that somebody else changed while the form was open."""

    name: str
    label: str
    then: str
    now: str
    typed: str
    keeps_typed: bool
    value: str


def differences(
    seen: Mapping[str, str],
    stored: Mapping[str, str],
    typed: QueryDict,
    label: Callable[[str], str],
    words: Callable[[str, str], str],
) -> list[Difference]:
    """Return the fields whose value was another one when the form was opened.

    ``label`` names a field, ``words`` says a value of it; all values are as in the form.
    """
    return [
        Difference(
            name=name,
            label=label(name),
            then=words(name, seen.get(name, "")),
            now=words(name, now),
            typed=words(name, typed.get(name, "")),
            keeps_typed=typed.get(name, "") not in {seen.get(name, ""), now},
            value=now,
        )
        for name, now in stored.items()
        if seen.get(name) != now
    ]


def merged(typed: QueryDict, met: list[Difference]) -> QueryDict:
    """Return what was typed, with the new values of the fields that were not touched."""
    data = typed.copy()
    for one in met:
        if not one.keeps_typed:
            data[one.name] = one.value
    return data


def sealed(values: Mapping[str, str], salt: str) -> str:
    """Return the values as a word for the form's hidden field ``seen``."""
    return signing.dumps(dict(values), salt=salt)


def opened(typed: QueryDict, stored: Mapping[str, str], salt: str) -> Mapping[str, str]:
    """Return the values that the form was opened with; without them, those stored now."""
    try:
        found: dict[str, str] = signing.loads(typed.get("seen", ""), salt=salt)
    except signing.BadSignature:
        return stored
    return found
