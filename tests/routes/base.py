"""Who the roles are, and what a route is: for the tables of this folder."""

from __future__ import annotations

from dataclasses import dataclass, field

ANONYMOUS, STRANGER, PATRON, LIBRARIAN, MANAGER = ROLES = (
    "anonymous",
    "stranger",
    "patron",
    "librarian",
    "manager",
)
EVERYBODY = frozenset(ROLES)
SIGNED_IN = EVERYBODY - {ANONYMOUS}
MEMBERS = SIGNED_IN - {STRANGER}
STAFF = frozenset({LIBRARIAN, MANAGER})
ONLY_MANAGER = frozenset({MANAGER})


@dataclass(frozen=True)
class Route:
    """Who may come here, and the words of the address beside the organization."""

    allowed: frozenset[str]
    words: dict[str, str] = field(default_factory=dict)
    # Not below an organization.
    is_outside: bool = False
    # Called by programs: who brings no token is answered so, not sent to sign in.
    is_protocol: bool = False
