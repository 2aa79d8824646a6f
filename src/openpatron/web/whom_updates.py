"""Update patrons → Transfer, Remove associations, Block patrons, Lift blocks: their sentences."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from openpatron.organizations.queries import patron_types
from openpatron.patrons.actions import (
    block_patrons as blocking,
    remove_associations as removing,
    transfer as transferring,
    unblock_patrons as lifting,
)
from openpatron.patrons.standing import Deed
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


class RemoveSentence(WhoSentence):
    """Whom, and the site whose associations end."""

    @property
    def needs_site(self) -> bool:
        """Tell that the site is always needed."""
        return True

    def for_ask(self) -> dict[str, Any]:
        """Return the words as the action takes them."""
        return self.whom

    def errors(self) -> dict[str, str]:
        """Return an error for each place that is not filled."""
        return self.missing({})

    def places(self, errors: Mapping[str, str]) -> list[Place]:
        """Return the places of whom."""
        return self.chosen_places(self.who_places(), errors)

    @property
    def is_complete(self) -> bool:
        """Tell whether every place is filled."""
        return bool(self.count and self.at)


class TransferSentence(RemoveSentence):
    """Whom, from which site, and the association to be."""

    NAMES: ClassVar[tuple[str, ...]] = (
        *WHO, "to", "patron_type", "access_level", "resource_group",
    )  # fmt: skip

    def for_ask(self) -> dict[str, Any]:
        """Return the words as the action takes them."""
        names = ("to", "patron_type", "access_level", "resource_group")
        return self.whom | {name: self._typed[name] for name in names}

    def errors(self) -> dict[str, str]:
        """Return an error for each place that is not filled."""
        return self.missing(
            {
                "to": _("Choose the site that they go to."),
                "patron_type": _("Choose the patron type they get there."),
                "access_level": _("Choose the access level they get there."),
            }
        )

    def places(self, errors: Mapping[str, str]) -> list[Place]:
        """Return the places of whom, and of what they get."""
        places = [*self.who_places(), *self.tie_places()]
        if len(self.groups) > 1:
            places.append(self.group_place())
        return self.chosen_places(places, errors)

    def tie_places(self) -> list[Place]:
        """Return the places of the association to be."""
        waits = "" if self.to else _("first the new site")
        types = [Option(t.name, t.name) for t in patron_types()]
        levels = [Option(a.name, a.name) for a in self.levels]
        sites = self._site_options(self.targets)
        return [
            Place("to", _("New site"), _("choose a site"), sites),
            Place("patron_type", _("Patron type there"), _("choose a patron type"), types),
            Place(
                "access_level",
                _("Access level there"),
                _("choose an access level"),
                levels,
                waits=waits,
            ),
        ]

    @property
    def is_complete(self) -> bool:
        """Tell whether every place is filled."""
        chosen = (self.count, self.at, self.to, self._typed["patron_type"], self.level)
        return all(chosen) and (self.group is not None or not self.groups)


class BlockSentence(WhoSentence):
    """Whom, from what, why, and until when."""

    NAMES: ClassVar[tuple[str, ...]] = (*WHO, *Deed.values, "reason", "until")

    def __init__(self, actor: Actor, typed: Mapping[str, str], listed: str = "") -> None:
        """``typed``: the form's fields, or the address's; at first everything is stopped."""
        is_sent = "csrfmiddlewaretoken" in typed or "reason" in typed
        stops = {} if is_sent else dict.fromkeys(Deed.values, "on")
        super().__init__(actor, stops | dict(typed), listed)

    @property
    def deeds(self) -> list[tuple[str, Any, bool]]:
        """What may be stopped: value, words, and whether it is."""
        return [(deed.value, deed.label, bool(self._typed[deed.value])) for deed in Deed]

    def for_ask(self) -> dict[str, Any]:
        """Return the words as the action takes them."""
        stops = [value for value, _label, is_on in self.deeds if is_on]
        words = {"reason": self._typed["reason"], "until": self._typed["until"]}
        return self.whom | words | {"stops": stops}

    def errors(self) -> dict[str, str]:
        """Return an error for each place that is not filled."""
        found = self.missing({"reason": _("Give a reason: the patrons read it.")})
        if not any(is_on for _value, _label, is_on in self.deeds):
            found["stops"] = _("Choose what the block stops.")
        return found

    def places(self, errors: Mapping[str, str]) -> list[Place]:
        """Return the places of whom, the reason and the last day."""
        places = [
            *self.who_places(),
            Place("reason", _("Reason"), "", kind="text"),
            Place("until", _("Last day"), "", kind="date"),
        ]
        # What is ticked stands in the address as well.
        places += [
            Place(value, str(label), "", kind="checkbox") for value, label, _on in self.deeds
        ]
        return self.chosen_places(places, errors)

    @property
    def is_complete(self) -> bool:
        """Tell whether every place is filled."""
        return bool(self.count and self._typed["reason"].strip())


class LiftSentence(WhoSentence):
    """Whom, and which of their blocks."""

    NAMES: ClassVar[tuple[str, ...]] = (*WHO, "reason")

    @cached_property
    def _reasons(self) -> list[Option]:
        return [Option(why, why, n) for why, n in lifting.reasons(self._actor)]

    def for_ask(self) -> dict[str, Any]:
        """Return the words as the action takes them."""
        return self.whom | {"reason": self._typed["reason"]}

    def errors(self) -> dict[str, str]:
        """Return an error for each place that is not filled."""
        return self.missing({})

    def places(self, errors: Mapping[str, str]) -> list[Place]:
        """Return the places of whom, and the reasons that blocks have."""
        which = Place("reason", _("Which blocks"), _("all blocks"), self._reasons)
        return self.chosen_places([*self.who_places(), which], errors)

    @property
    def is_complete(self) -> bool:
        """Tell whether every place is filled."""
        return bool(self.count)


_TRANSFER = WhomPage(
    "web/transfer.html",
    TransferSentence,
    transferring.ask,
    transferring.plan_transfer,
    refusal="access_level",
)
_REMOVE = WhomPage(
    "web/remove_associations.html", RemoveSentence, removing.ask, removing.plan_removal
)
_BLOCK = WhomPage(
    "web/block_patrons.html", BlockSentence, blocking.ask, blocking.plan_blocks, refusal="reason"
)
_LIFT = WhomPage(
    "web/unblock_patrons.html", LiftSentence, lifting.ask, lifting.plan_lifting, refusal="reason"
)


@page(PERMISSION)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def transfer(request: OrganizationRequest) -> HttpResponse:
    """Show the sentence as far as it is filled; *Preview* makes the job and goes to it."""
    return _TRANSFER.answer(request, _("Transfer patrons"))


@page(PERMISSION)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def remove_associations(request: OrganizationRequest) -> HttpResponse:
    """Show the sentence as far as it is filled; *Preview* makes the job and goes to it."""
    return _REMOVE.answer(request, _("Remove associations"))


@page(PERMISSION)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def block_patrons(request: OrganizationRequest) -> HttpResponse:
    """Show the sentence as far as it is filled; *Preview* makes the job and goes to it."""
    return _BLOCK.answer(request, _("Block patrons"))


@page(PERMISSION)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unblock_patrons(request: OrganizationRequest) -> HttpResponse:
    """Show the sentence as far as it is filled; *Preview* makes the job and goes to it."""
    return _LIFT.answer(request, _("Lift blocks"))
