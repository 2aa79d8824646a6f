"""Update patrons → Link to a source, Unlink from the source: their sentences."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from openpatron.patrons.actions import link_patrons as linking, unlink_patrons as unlinking
from openpatron.patrons.actions.unlink_from_source import AS_IT_IS, LINK
from openpatron.patrons.protections import sources
from openpatron.patrons.whom import PERMISSION

from .gate import page
from .sentence import Option, Place
from .who_sentence import WHO, WhoSentence
from .whom_page import WhomPage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse

    from openpatron.access.actor import Actor

    from .gate import OrganizationRequest


class LinkSentence(WhoSentence):
    """Whom, to which source, and what their key is there."""

    NAMES: ClassVar[tuple[str, ...]] = (*WHO, "source", "key")

    def __init__(self, actor: Actor, typed: Mapping[str, str], listed: str = "") -> None:
        """``typed``: the form's fields, or the address's, by ``NAMES``."""
        super().__init__(actor, {"key": "district_id"} | dict(typed), listed)

    def for_ask(self) -> dict[str, Any]:
        """Return the words as the action takes them."""
        return self.whom | {name: self._typed[name] for name in ("source", "key")}

    def errors(self) -> dict[str, str]:
        """Return an error for each place that is not filled."""
        found = self.missing({"source": _("Choose the source.")})
        if self._typed["key"] == linking.LISTED and not self.is_list:
            found["key"] = _("Keys can only stand on a list: choose “the patrons on a list”.")
        return found

    @property
    def has_keys(self) -> bool:
        """Tell whether the keys stand on the list."""
        return self.is_list and self._typed["key"] == linking.LISTED

    @cached_property
    def count(self) -> int:
        """How many patrons, or lines of the list, are selected."""
        if self.has_keys:
            return sum(bool(line.strip()) for line in self.listed.splitlines())
        return super().count

    def places(self, errors: Mapping[str, str]) -> list[Place]:
        """Return the places of whom, of the source and of the key."""
        owners = [Option(one.code, one.name) for one in sources(self._actor)]
        keys = [Option(key, linking.key_words(key)) for key in linking.KEYS]
        places = [
            *self.who_places(),
            Place("source", _("Source"), _("choose a source"), owners),
            Place("key", _("Their key there"), "", keys),
        ]
        return self.chosen_places(places, errors)

    @property
    def is_complete(self) -> bool:
        """Tell whether every place is filled."""
        return bool(self.count and self._typed["source"])


class UnlinkSentence(WhoSentence):
    """Whom, what becomes of protections, and how they sign in."""

    NAMES: ClassVar[tuple[str, ...]] = (*WHO, "protections", "sign_in")

    def __init__(self, actor: Actor, typed: Mapping[str, str], listed: str = "") -> None:
        """``typed``: the form's fields, or the address's, by ``NAMES``."""
        usual = {"protections": unlinking.KEEP, "sign_in": LINK}
        super().__init__(actor, usual | dict(typed), listed)

    def for_ask(self) -> dict[str, Any]:
        """Return the words as the action takes them."""
        return self.whom | {name: self._typed[name] for name in ("protections", "sign_in")}

    def errors(self) -> dict[str, str]:
        """Return an error for each place that is not filled."""
        return self.missing({})

    def places(self, errors: Mapping[str, str]) -> list[Place]:
        """Return the places of whom, of protections, and of the way to sign in."""
        kept = [
            Option(unlinking.KEEP, _("keep their protections")),
            Option(unlinking.DROP, _("drop their protections")),
        ]
        ways = [
            Option(LINK, _("send them a link to set a password")),
            Option(AS_IT_IS, _("leave them the password they have")),
        ]
        places = [
            *self.who_places(),
            Place("protections", _("Protections"), "", kept),
            Place("sign_in", _("Way to sign in"), "", ways),
        ]
        return self.chosen_places(places, errors)

    @property
    def is_complete(self) -> bool:
        """Tell whether every place is filled."""
        return bool(self.count)


_LINK = WhomPage("web/link_patrons.html", LinkSentence, linking.ask, linking.plan_links)
_UNLINK = WhomPage(
    "web/unlink_patrons.html", UnlinkSentence, unlinking.ask, unlinking.plan_unlinking
)


@page(PERMISSION)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def link_patrons(request: OrganizationRequest) -> HttpResponse:
    """Show the sentence as far as it is filled; *Preview* makes the job and goes to it."""
    return _LINK.answer(request, _("Link patrons to a source"))


@page(PERMISSION)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unlink_patrons(request: OrganizationRequest) -> HttpResponse:
    """Show the sentence as far as it is filled; *Preview* makes the job and goes to it."""
    return _UNLINK.answer(request, _("Unlink patrons from their source"))
