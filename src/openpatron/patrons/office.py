"""What the office keeps on a patron for its own work: local codes, resource-sharing library."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean
from openpatron.organizations.models import Site
from openpatron.organizations.queries import sites

from .models import LocalCode, Patron

CODE_LIMIT = 40
# More than anybody could want to look at.
_CODES = 50


@dataclass(frozen=True, slots=True)
class Office:
    """How it is to be: the codes as they are typed, and the library where requests are fetched."""

    local_codes: tuple[str, ...]
    resource_sharing_library: Site | None


def codes_in(text: str) -> tuple[str, ...]:
    """Return the codes of a line in which commas part them, each once, in their order."""
    return tuple(dict.fromkeys(part for part in (p.strip() for p in text.split(",")) if part))


def sites_to_share_with() -> list[Site]:
    """Return the resource-sharing libraries of an organization of several sites; one query.

    None where there is one site only: then there is none to choose.
    """
    found = list(sites().exclude(kind=Site.Kind.MEDIA))
    return [site for site in found if site.shares_resources] if len(found) > 1 else []


def write_office(
    actor: Actor, patron: Patron, wanted: Office, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Write what differs, and note in ``before`` and ``after`` what it was and is.

    Raises ``InputError`` for ``local_codes`` or ``resource_sharing_library``. The caller may have
    locked the patron, and saves it.
    """
    _write_codes(actor, patron, _checked(wanted.local_codes), before, after)
    library = wanted.resource_sharing_library
    if library == patron.resource_sharing_library:
        return
    if library is not None:
        _check_library(actor, library)
    name = "resource_sharing_library"
    was = patron.resource_sharing_library
    before[name] = None if was is None else was.name
    after[name] = None if library is None else library.name
    patron.resource_sharing_library = library


def _write_codes(
    actor: Actor,
    patron: Patron,
    wanted: list[str],
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    held = codes_of(patron)
    if held == wanted:
        return
    codes = LocalCode.objects.filter(patron=patron)
    codes.exclude(value__in=wanted).delete()
    LocalCode.objects.bulk_create(
        LocalCode(organization=actor.organization, patron=patron, value=value)
        for value in wanted
        if value not in held
    )
    before["local_codes"], after["local_codes"] = ", ".join(held), ", ".join(wanted)


def codes_of(patron: Patron) -> list[str]:
    """Return the patron's codes by name; one query, or none where they are fetched along."""
    return sorted(code.value for code in patron.local_codes.all())


def _checked(codes: Iterable[str]) -> list[str]:
    found = {clean(code, "local_codes", limit=CODE_LIMIT) for code in codes} - {""}
    if any("," in code for code in found):
        raise InputError("local_codes", _("A local code has no comma in it: commas part codes."))
    if len(found) > _CODES:
        raise InputError(
            "local_codes",
            _("%(found)d local codes were given, at most %(limit)d are allowed.")
            % {"found": len(found), "limit": _CODES},
        )
    return sorted(found)


def _check_library(actor: Actor, library: Site) -> None:
    field = "resource_sharing_library"
    offered = sites_to_share_with()
    if not offered:
        raise InputError(
            field,
            _(
                "%s has no resource-sharing library to choose: that is a setting of each site, "
                "where there are several."
            )
            % actor.organization.name,
        )
    if library not in offered:
        raise InputError(
            field,
            _("%(found)s is no resource-sharing library. Choose one of: %(known)s.")
            % {"found": library.name, "known": ", ".join(site.name for site in offered)},
        )
