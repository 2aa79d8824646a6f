"""Where an association holds a level with rights that somebody may not take away, as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpatron.access.models import ResourceGroup
from openpatron.access.queries import access_levels

if TYPE_CHECKING:
    from collections.abc import Callable

    from openpatron.access.actor import Actor
    from openpatron.organizations.models import Site


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

    def among(column: str, ids: list[int]) -> str:
        return f"{column} IN ({', '.join(map(str, ids))})" if ids else "FALSE"

    def above(group: str, level: str) -> str:
        return (
            f"(CASE WHEN {group} IS NOT NULL THEN {among(group, groups)} "
            f"ELSE {among(level, levels)} END)"
        )

    return above
