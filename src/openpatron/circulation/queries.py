"""Every read of the desk. Each takes the actor first and shows only what that actor may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import F, Prefetch, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.accounts.queries import names_of
from openpatron.kernel.errors import NotFoundError
from openpatron.kernel.text import storable
from openpatron.organizations.queries import sites
from openpatron.patrons.queries import patron as find_patron, visible

from .borrowing_models import OVER
from .models import BorrowingRequest, ClosedDay, Fee, Item, Loan, Payment, Proxy, Request
from .permissions import SERVE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from django.db.models import QuerySet

    from openpatron.access.actor import Actor
    from openpatron.organizations.models import Site
    from openpatron.patrons.models import Patron

_LATEST = 50


def desk_sites(actor: Actor) -> list[Site]:
    """Return the sites at whose desks the actor may serve, by name; one query."""
    actor.require_anywhere(SERVE)
    allowed = actor.sites_with(SERVE)
    found = sites().exclude(kind="media")
    return list(found if allowed is None else found.filter(pk__in=allowed))


def desk_site(actor: Actor, short_name: str) -> Site:
    """Return the site of a desk, or raise ``NotFoundError`` or ``NotAllowedError``; one query."""
    actor.require_anywhere(SERVE)
    found = sites().filter(short_name=short_name).first() if storable(short_name) else None
    if found is None:
        raise NotFoundError(_("There is no site “%s” here.") % short_name[:100])
    actor.require(SERVE, found)
    return found


def desk_patron(actor: Actor, site: Site, number: int) -> Patron:
    """Return a patron to be served at a site, with associations and barcodes."""
    actor.require(SERVE, site)
    return find_patron(actor, number)


# What a patron has. The patron was shown to the actor by ``desk_patron``.


def _require_shown(actor: Actor, patron: Patron) -> None:
    """Raise ``NotFoundError`` unless the actor may see the patron; no query, with their ties."""
    actor.require_anywhere(SERVE)
    allowed = actor.sites_with("patrons.view")
    if patron.organization_id != actor.organization.pk or not (
        allowed is None or any(tie.site_id in allowed for tie in patron.associations.all())
    ):
        raise NotFoundError(_("There is no patron %d here.") % patron.pk)


def loans_of(actor: Actor, patron: Patron, since: datetime | None = None) -> list[Loan]:
    """Return the open loans of a patron, the first due first; those lent since, newest first."""
    _require_shown(actor, patron)
    found = Loan.objects.filter(patron=patron, closed_at=None).select_related("item", "site")
    if since is None:
        return list(found.order_by("due_on", "pk"))
    mine = found.filter(lent_at__gte=since, lent_by=actor.account_id)
    return list(mine.order_by("-lent_at", "-pk"))


def lost_loans_of(actor: Actor, patron: Patron) -> list[Loan]:
    """Return the loans of a patron that were declared lost, the last first."""
    _require_shown(actor, patron)
    lost = Loan.objects.filter(patron=patron, state=Loan.State.LOST).select_related("item", "site")
    return list(lost.order_by("-closed_at", "-pk")[:_LATEST])


def history_of(actor: Actor, patron: Patron) -> list[Loan]:
    """Return what a patron who keeps history had on loan, the last first; of others nothing."""
    _require_shown(actor, patron)
    if not patron.account.keep_history:
        return []
    past = Loan.objects.filter(patron=patron, closed_at__isnull=False)
    return list(past.select_related("item", "site").order_by("-closed_at", "-pk")[:_LATEST])


def loan_of(actor: Actor, patron: Patron, number: int) -> Loan:
    """Return one loan of a patron, open or lost, or raise ``NotFoundError``."""
    _require_shown(actor, patron)
    kept = Q(closed_at=None) | Q(state=Loan.State.LOST)
    found = None
    if 0 < number < 2**63:
        found = Loan.objects.filter(kept, patron=patron, pk=number).select_related(
            "item", "site"
        ).first()  # fmt: skip
    if found is None:
        raise NotFoundError(_("There is no loan %d of this patron.") % number)
    return found


def requests_of(actor: Actor, patron: Patron) -> list[Request]:
    """Return the open requests of a patron, the ready ones first."""
    _require_shown(actor, patron)
    found = Request.objects.filter(patron=patron, closed_at=None)
    return list(
        found.select_related("item", "pickup_site").order_by(
            F("ready_at").desc(nulls_last=True), "asked_at", "pk"
        )
    )


def fees_of(actor: Actor, patron: Patron) -> list[Fee]:
    """Return the fees of a patron with their payments, what is owed first."""
    _require_shown(actor, patron)
    paid = Prefetch("payments", Payment.objects.order_by("at", "pk"))
    found = Fee.objects.filter(patron=patron).select_related("loan__item")
    if not patron.account.keep_history:
        # Settled ones are history; those of the last day may still be refunded, or a receipt.
        day_ago = timezone.now() - timedelta(days=1)
        recent = Q(charged_at__gte=day_ago) | Q(payments__at__gte=day_ago)
        found = found.filter(Q(owed__gt=0) | recent).distinct()
    return list(found.prefetch_related(paid).order_by("-owed", "-pk")[:_LATEST])


def payments_today(actor: Actor, patron: Patron) -> list[Payment]:
    """Return what was paid, waived and given back today, with its fee, in its order."""
    _require_shown(actor, patron)
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    found = Payment.objects.filter(fee__patron=patron, at__gte=midnight).select_related("fee")
    return list(found.order_by("at", "pk"))


def fee_of(actor: Actor, patron: Patron, number: int) -> Fee:
    """Return one fee of a patron with its payments, or raise ``NotFoundError``."""
    _require_shown(actor, patron)
    found = None
    if 0 < number < 2**63:
        paid = Prefetch("payments", Payment.objects.order_by("at", "pk"))
        found = (
            Fee.objects.filter(patron=patron, pk=number)
            .select_related("loan__item")
            .prefetch_related(paid)
            .first()
        )
    if found is None:
        raise NotFoundError(_("There is no fee %d of this patron.") % number)
    return found


def proxies_of(actor: Actor, patron: Patron) -> list[Proxy]:
    """Return who may collect for a patron today and later, by name."""
    _require_shown(actor, patron)
    found = _lasting(Proxy.objects.filter(patron=patron, proxy__in=visible(actor)))
    return list(found.select_related("proxy__account").order_by("proxy__sort_name", "pk"))


def collects_for(actor: Actor, patron: Patron) -> list[Proxy]:
    """Return for whom a patron may collect, by name, as far as the actor may see them."""
    _require_shown(actor, patron)
    found = _lasting(Proxy.objects.filter(proxy=patron, patron__in=visible(actor)))
    return list(found.select_related("patron__account").order_by("patron__sort_name", "pk"))


def _lasting(found: QuerySet[Proxy]) -> QuerySet[Proxy]:
    return found.filter(Q(ends_on=None) | Q(ends_on__gte=timezone.localdate()))


def borrowing_of(actor: Actor, patron: Patron) -> list[BorrowingRequest]:
    """Return what a patron wishes from other libraries and is not over, the newest first."""
    _require_shown(actor, patron)
    found = BorrowingRequest.objects.filter(~OVER, patron=patron)
    return list(found.select_related("site").order_by("-pk"))


# What a site has to do


@dataclass(frozen=True, slots=True)
class Shelf:
    """Requests that are ready here, those that waited too long, those to fetch, and transits."""

    ready: list[Request]
    overdue: list[Request]
    to_fetch: list[Request]
    coming: list[Item]


def shelf(actor: Actor, site: Site) -> Shelf:
    """Return what a site keeps for patrons, has to look for, and is sent; three queries."""
    actor.require(SERVE, site)
    kept = Request.objects.filter(pickup_site=site, state=Request.State.READY, closed_at=None)
    ready = list(kept.select_related("item", "patron__account").order_by("ready_until", "pk"))
    wanted = Request.objects.filter(
        state=Request.State.WAITING, closed_at=None, item__site=site,
        item__in_transit_to=None, item__state=Item.State.HELD,
    ).exclude(item__loans__closed_at=None, item__loans__isnull=False)  # fmt: skip
    today = timezone.localdate()
    return Shelf(
        ready=[one for one in ready if one.ready_until is None or one.ready_until >= today],
        overdue=[one for one in ready if one.ready_until is not None and one.ready_until < today],
        to_fetch=list(
            wanted.select_related("item", "pickup_site").order_by("asked_at", "pk")[:_LATEST]
        ),
        coming=list(
            Item.objects.filter(in_transit_to=site)
            .select_related("site", "home_site")
            .order_by("title", "pk")[:_LATEST]
        ),
    )


def closed_days(actor: Actor, site: Site) -> list[ClosedDay]:
    """Return the closures of a site that are not over, the next first."""
    actor.require_anywhere(SERVE)
    found = ClosedDay.objects.filter(site=site, last_day__gte=timezone.localdate())
    return list(found.order_by("first_day", "pk"))


def closures(site: Site) -> list[tuple[date, date]]:
    """Return first and last days of the closures of a site that are not over; one query."""
    found = ClosedDay.objects.filter(site=site, last_day__gte=timezone.localdate())
    return list(found.values_list("first_day", "last_day"))


def staff_names(ids: Iterable[int | None]) -> dict[int, str]:
    """Return the names of who did something at a desk, by account id; one query."""
    return names_of({one for one in ids if one is not None})
