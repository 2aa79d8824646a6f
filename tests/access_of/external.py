"""The queries and actions of external records."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from openpatron.patrons import protections
from openpatron.patrons.actions.link_to_source import link_to_source
from openpatron.patrons.actions.protect_fields import protect_fields
from openpatron.patrons.actions.release_protections import release_protections
from openpatron.patrons.actions.unlink_from_source import unlink_from_source
from openpatron.patrons.protections import ProtectionFilter

READ: tuple[tuple[ModuleType, str], ...] = ((protections, "patrons"),)
WRITTEN: tuple[tuple[str, ModuleType], ...] = ()
QUERIES: dict[str, Callable[..., Any]] = {
    "patrons.sources": lambda who, _p, _j: protections.sources(who),
    "patrons.protections": lambda who, _p, _j: protections.protections(who, ProtectionFilter()),
    "patrons.external_among": lambda who, _p, _j: protections.external_among(who, [1]),
    "patrons.in_order": lambda who, _p, _j: protections.in_order(
        protections.protections(who, ProtectionFilter()), "differs"
    ),
    "patrons.written": lambda who, _p, _j: list(
        protections.written(who, protections.protections(who, ProtectionFilter()))
    ),
    "patrons.side_by_side": lambda who, _p, _j: protections.side_by_side(
        who, protections.protections(who, ProtectionFilter())
    ),
}
ACTIONS: dict[str, Callable[..., Any]] = {
    "patrons.protect_fields": lambda who, p, _j: protect_fields(who, p.pk, []),
    "patrons.link_to_source": lambda who, p, _j: link_to_source(who, p.pk, "sis", "1"),
    "patrons.unlink_from_source": lambda who, p, _j: unlink_from_source(
        who, p.pk, sign_in="link", keep_protections=True
    ),
    "patrons.release_protections": lambda who, _p, _j: release_protections(who, [1]),
}
# As everybody in test_link_patrons.
ELSEWHERE: set[str] = {"patrons.link_patrons", "patrons.unlink_patrons"}
OWN: set[str] = set()
