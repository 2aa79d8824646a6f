"""Group codes: letters and digits that nobody mistakes for another, and nobody guesses."""

from __future__ import annotations

import secrets

# Without 0 O, 1 I L, 2 Z, 5 S, 8 B, U V.
LETTERS = "ACDEFGHJKMNPQRTWXY34679"
_LENGTH = 8


def new_code(taken: set[str]) -> str:
    """Return a code that is not among those taken, and take it: one of 78 thousand million."""
    while True:
        code = "".join(secrets.choice(LETTERS) for _ in range(_LENGTH))
        if code not in taken:
            taken.add(code)
            return code


def as_typed(text: str) -> str:
    """Return a code as it is stored, however it was typed: small letters, spaces, hyphens."""
    return "".join(one for one in text.upper() if one in LETTERS)[: _LENGTH + 1]
