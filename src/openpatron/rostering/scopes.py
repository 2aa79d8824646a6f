"""What a client may ask for: the standard's scopes, and which personal fields each one needs."""

from __future__ import annotations

_BASE = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
CORE = _BASE + "roster-core.readonly"
ROSTER = _BASE + "roster.readonly"
DEMOGRAPHICS = _BASE + "roster-demographics.readonly"

SCOPES = {
    "roster-core.readonly": CORE,
    "roster.readonly": ROSTER,
    "roster-demographics.readonly": DEMOGRAPHICS,
}
"""The short names that people see, and the names in tokens."""

DEFAULT = ("roster-core.readonly", "roster.readonly")

# Personal fields that go out only with the wider scope.
WIDER = ("middleName", "identifier", "districtId")
# Of students the address is no condition: only who may have all gets it.
OF_STUDENTS = ("email",)


def allowed(asked: str, granted: list[str]) -> list[str]:
    """Return the scopes of a space-separated list that are granted; all granted for an empty one.

    Scopes may be named short or in full; what is not granted is left out.
    """
    known = {SCOPES[name] for name in granted if name in SCOPES}
    words = asked.split()
    if not words:
        return sorted(known)
    return sorted({SCOPES.get(word, word) for word in words} & known)
