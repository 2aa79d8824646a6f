"""Whether what a setup names is there in the organization, and may be given by who says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.access.models import AccessLevel
from openpatron.accounts.models import IdentityProvider
from openpatron.kernel.errors import InputError
from openpatron.kernel.lookup import the_one
from openpatron.kernel.text import fold

from .ours import Ours
from .setup import Rule, Setup


def require_fitting(actor: Actor, setup: Setup) -> IdentityProvider | None:
    """Return the identity provider that the setup names, None without one.

    Raises ``InputError`` with the place in the setup for a site, patron type or access level that
    is not there, and ``NotAllowedError`` for a level that the actor may not give.
    """
    ours = Ours(actor.organization)
    short_names = {short: short for short in ours.site_names}
    _require("default_site", setup.default_site, short_names, _("site"))
    for school, short in setup.sites.items():
        _require(f"sites.{school}", short, short_names, _("site"))
    for number, rule in enumerate(setup.homerooms, start=1):
        _require(f"homerooms[{number}].site", rule.site, short_names, _("site"))
    types, levels = ours.patron_types, ours.access_levels
    _require("default_patron_type", setup.default_patron_type, types, _("patron type"))
    _require("default_access_level", setup.default_access_level, levels, _("access level"))
    by_field = {rule.field: rule for rule in setup.rules}
    for field, known, noun in (
        ("patron_type", types, _("patron type")),
        ("access_level", levels, _("access level")),
    ):
        for place, name in _given(by_field.get(field)):
            _require(place, name, known, noun)
    _require_gives(actor, setup, by_field.get("access_level"), levels)
    if not setup.identity_provider:
        return None
    providers = IdentityProvider.objects.all()
    return the_one(
        providers, "code", setup.identity_provider, "identity_provider", _("identity provider")
    )


def _given(rule: Rule | None) -> list[tuple[str, str]]:
    """Return the names that a rule gives by itself, each with its place."""
    if rule is None:
        return []
    place = f"fields.{rule.field}"
    found = [(f"{place}.values.{value}", name) for value, name in rule.values.items()]
    if rule.constant:
        found.append((f"{place}.constant", rule.constant))
    if rule.otherwise.startswith("use:"):
        found.append((f"{place}.otherwise", rule.otherwise.removeprefix("use:")))
    return found


def _require(place: str, name: str, known: Mapping[str, str], noun: Any) -> None:
    if name and name not in known.values() and fold(name) not in known:
        raise InputError(
            place,
            _("%(place)s: there is no %(noun)s “%(found)s”. There are: %(known)s.")
            % {
                "place": place,
                "noun": noun,
                "found": name[:100],
                "known": ", ".join(list(known.values())[:30]) or "–",
            },
        )


def _require_gives(
    actor: Actor, setup: Setup, rule: Rule | None, levels: Mapping[str, str]
) -> None:
    """Raise ``NotAllowedError`` for a level that comes with each feed and is not theirs to give."""
    names = {setup.default_access_level, *(name for _place, name in _given(rule))} - {""}
    if rule is not None and rule.columns and rule.otherwise == "keep":
        # The file may name any level there is.
        names = set(levels.values())
    wanted = {levels.get(fold(name), name) for name in names}
    for level in AccessLevel.objects.filter(name__in=wanted).order_by("name"):
        actor.require_give(level, None)
