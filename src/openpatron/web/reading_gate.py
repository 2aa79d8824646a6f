"""Who comes to which page of the reading community: asked before anything else is.

A thing of somebody else and one that does not exist answer alike, whatever the method.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from openpatron.kernel.errors import NotFoundError
from openpatron.reading import queries, seats

from .gate import OrganizationRequest, member

if TYPE_CHECKING:
    from collections.abc import Callable

    from openpatron.access.actor import Actor

type View = Callable[..., Any]


def _gated(require: Callable[[Actor, int], object]) -> Callable[[View], View]:
    def wrap(view: View) -> View:
        @wraps(view)
        def gated(request: OrganizationRequest, number: int, **words: Any) -> Any:
            require(request.actor, number)
            return view(request, number, **words)

        plain: View = gated
        return member(plain)

    return wrap


def _require_own_line(actor: Actor, number: int) -> None:
    if not queries.own_log(actor).filter(pk=number).exists():
        raise NotFoundError(_("There is no such line in your log."))


def _require_own_group(actor: Actor, number: int) -> None:
    if number not in {one.pk for one in queries.own_groups(actor)}:
        raise NotFoundError(_("There is no group %d here that you are in.") % number)


of_school = _gated(seats.require_supervisor)
of_group = _gated(seats.require_leader)
of_own_line = _gated(_require_own_line)
of_own_group = _gated(_require_own_group)
