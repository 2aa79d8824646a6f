"""Finding one patron by whatever is at hand, and what is known of their standing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.accounts.queries import accounts_called
from openpatron.kernel.errors import InputError
from openpatron.organizations.models import Site

from .models import Barcode, Block, Patron
from .queries import visible
from .serving import fetch_conditions
from .standing import Deed, Hindrance, Reason, Standing, Stop, reasons

type Source = Callable[[Patron, Site], list[Hindrance]]

_sources: list[Source] = []


def register_hindrances(source: Source) -> None:
    """Have a package above asked what stops a patron at a site: limits of loans, fees."""
    _sources.append(source)


def find_patron(actor: Actor, key: str, site: Site | None = None) -> Patron:
    """Return the patron with that barcode, username, district id or patron id, in this order.

    ``site`` decides between several holders of one barcode. Raises ``InputError`` where there is
    nobody, or more than one.
    """
    wanted = key.strip()
    seen = visible(actor).select_related("account")
    if wanted and "\x00" not in wanted:
        cards = Barcode.objects.filter(value=wanted, state=Barcode.State.CURRENT)
        allowed = actor.sites_with("patrons.view")
        if allowed is not None:
            cards = cards.filter(Q(site__in=allowed) | Q(site=None))
        if site is not None and cards.filter(site=site).exists():
            cards = cards.filter(site=site)
        for found in (
            seen.filter(pk__in=cards.values("patron")),
            seen.filter(account__in=accounts_called(wanted, "")),
            seen.filter(district_id=wanted),
        ):
            holders = list(found[:2])
            if len(holders) > 1:
                raise InputError(
                    "patron",
                    _("Barcode %s is held by several patrons. Name the site as well.")
                    % wanted[:40],
                )
            if holders:
                return holders[0]
        if wanted.isascii() and wanted.isdecimal() and len(wanted) < 19:  # noqa: PLR2004  bigint
            holder = seen.filter(pk=int(wanted)).first()
            if holder is not None:
                return holder
    raise InputError(
        "patron",
        _("There is no patron with the barcode, username, district id or number “%s” here.")
        % wanted[:100],
    )


def may(actor: Actor, patron: Patron, deed: Deed, site: Site) -> list[Reason]:
    """Return all that stops the patron from the deed, here, now; three queries.

    ``patron`` comes with its account. An empty list: they may.
    """
    standing = standing_of(patron, site, open_blocks(actor, patron))
    return reasons(standing, deed, may_override=actor.may("patrons.override", site))


def open_blocks(actor: Actor, patron: Patron) -> list[Block]:
    """Return the blocks of a patron that the actor was shown and that still hold; one query."""
    actor.require_anywhere("patrons.view")
    return lasting_blocks(patron)


def lasting_blocks(patron: Patron) -> list[Block]:
    """Return the blocks of a patron that still hold, for who was shown the patron, or is it."""
    lasting = Q(until=None) | Q(until__gte=timezone.localdate())
    return list(Block.objects.filter(lasting, patron=patron, lifted_at=None).order_by("pk"))


def standing_of(patron: Patron, site: Site, blocks: Iterable[Block]) -> Standing:
    """Return what is known about the patron at a site today; a query less with their ties."""
    fetch_conditions(patron)
    return Standing(
        status=patron.status,
        expires_on=patron.expires_on,
        blocks=tuple(Stop(frozenset(b.stops), b.reason, b.until) for b in blocks),
        account_is_active=patron.account.is_active,
        is_associated=site.pk in {tie.site_id for tie in patron.associations.all()},
        site_name=site.name,
        today=timezone.localdate(),
        hindrances=tuple(one for source in _sources for one in source(patron, site)),
    )
