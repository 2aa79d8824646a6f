"""Who, and which association, holds rights that somebody does not hold, as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpatron.access.models import ResourceGroup
from openpatron.access.queries import access_levels
from openpatron.access.registry import known_names

from .staff_roles import patrons_above

if TYPE_CHECKING:
    from collections.abc import Callable

    from openpatron.access.actor import Actor
    from openpatron.organizations.models import Site


def people_above(actor: Actor) -> str:
    """Return where ``patron`` holds more than the actor holds everywhere; "" where nobody can.

    By a staff role, or by an association. What may not be done to them by hand is not done to them
    in a job either.
    """
    known = known_names()
    if actor.may_grant(known, None):
        return ""
    conditions = []
    if ids := ", ".join(map(str, patrons_above(actor))):
        conditions.append(f"patron.id IN ({ids})")
    levels = [a.pk for a in access_levels() if not actor.may_grant(known & {*a.permissions}, None)]
    every = ResourceGroup.objects.order_by("pk")
    groups = [g.pk for g in every if not actor.may_grant(known & {*g.permissions}, None)]
    if levels or groups:
        above = _above(levels, groups, "up.resource_group_id", "up.access_level_id")
        conditions.append(
            "EXISTS (SELECT 1 FROM patrons_association up "  # noqa: S608  our own numbers
            f"WHERE up.patron_id = patron.id AND {above})"
        )
    return f"({' OR '.join(conditions)})" if conditions else ""


def levels_above(actor: Actor, site: Site) -> Callable[[str, str], str]:
    """Return what makes SQL of two columns: whether the level's rights are not the actor's.

    At a resource site they are those of the group, where there is one; two queries.
    """
    levels = [a.pk for a in access_levels() if not actor.may_grant(a.permissions, site)]
    groups = [
        g.pk
        for g in ResourceGroup.objects.filter(site=site)
        if not actor.may_grant(g.permissions, site)
    ]

    def above(group: str, level: str) -> str:
        return _above(levels, groups, group, level)

    return above


def _above(levels: list[int], groups: list[int], group: str, level: str) -> str:
    return (
        f"(CASE WHEN {group} IS NOT NULL THEN {_among(group, groups)} "
        f"ELSE {_among(level, levels)} END)"
    )


def _among(column: str, ids: list[int]) -> str:
    return f"{column} IN ({', '.join(map(str, ids))})" if ids else "FALSE"
