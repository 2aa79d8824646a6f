"""Every read of patrons. Each takes the actor first and shows only what that actor may see."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q
from django.utils.translation import gettext as _

from openpatron.kernel.errors import NotFoundError

from .models import Association, Barcode, Homeroom, Patron
from .search import matching

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from openpatron.access.actor import Actor
    from openpatron.organizations.models import Site


@dataclass(frozen=True, slots=True)
class PatronFilter:
    """What a list of patrons is narrowed by; an empty field narrows nothing.

    ``site``, ``patron_type`` and ``access_level`` are ids and speak of one association together.
    """

    text: str = ""
    site: int | None = None
    patron_type: int | None = None
    access_level: int | None = None
    grade_level: str = ""
    graduation_year: int | None = None
    status: str = ""

    @property
    def active(self) -> list[str]:
        """The names of the fields that narrow something."""
        return [f.name for f in fields(self) if getattr(self, f.name) not in (None, "")]


def visible(actor: Actor) -> QuerySet[Patron]:
    """Return the patrons that the actor may see: all, or those of the sites with the right."""
    actor.require_anywhere("patrons.view")
    sites = actor.sites_with("patrons.view")
    everyone = Patron.objects.all()
    return everyone if sites is None else everyone.filter(_tied(site__in=sites))


def patrons(actor: Actor, narrowed: PatronFilter) -> QuerySet[Patron]:
    """Return the patrons of a list, by name, each with its account."""
    found = visible(actor).select_related("account").order_by("sort_name", "id")
    ties = {
        name: getattr(narrowed, name)
        for name in ("site", "patron_type", "access_level")
        if getattr(narrowed, name) is not None
    }
    if ties:
        sites = actor.sites_with("patrons.view")
        found = found.filter(_tied(**ties, **({} if sites is None else {"site__in": sites})))
    for name in ("grade_level", "graduation_year", "status"):
        if getattr(narrowed, name) not in (None, ""):
            found = found.filter(**{name: getattr(narrowed, name)})
    return matching(found, narrowed.text)


def with_ties(found: QuerySet[Patron]) -> QuerySet[Patron]:
    """Fetch associations (primary first) and barcodes along, in a fixed number of queries."""
    ties = Association.objects.select_related(
        "site", "patron_type", "access_level", "resource_group", "homeroom"
    ).order_by("-is_primary", "site__name", "id")
    cards = Barcode.objects.order_by("id")
    return found.prefetch_related(Prefetch("associations", ties), Prefetch("barcodes", cards))


def patron(actor: Actor, number: int) -> Patron:
    """Return one patron with associations and barcodes, or raise ``NotFoundError``."""
    found = None
    if 0 < number < 2**63:
        found = with_ties(visible(actor).select_related("account")).filter(pk=number).first()
    if found is None:
        raise NotFoundError(_("There is no patron %d here.") % number)
    return found


def patrons_by_barcode(actor: Actor, value: str) -> list[Patron]:
    """Return the patrons who hold exactly this number now, at any site that the actor may see.

    More than one where the number is given at several sites.
    """
    sites = actor.sites_with("patrons.view")
    cards = Barcode.objects.filter(value=value, state=Barcode.State.CURRENT)
    if sites is not None:
        cards = cards.filter(Q(site__in=sites) | Q(site=None))
    return list(
        visible(actor)
        .select_related("account")
        .filter(pk__in=cards.values("patron"))
        .order_by("sort_name", "id")[:20]
    )


def values_of(actor: Actor, name: str) -> list[Any]:
    """Return the values of ``grade_level`` or ``graduation_year`` that occur, for a filter."""
    rows = visible(actor).order_by().values_list(name, flat=True).distinct()
    return [value for value in rows if value not in (None, "")]


def patrons_per_site_and_type(actor: Actor) -> list[tuple[int, str, int]]:
    """Return (site id, patron type, number of patrons), for the sites that the actor may see."""
    ties = Association.objects.all()
    sites = actor.sites_with("patrons.view")
    if sites is not None:
        ties = ties.filter(site__in=sites)
    rows = ties.values_list("site", "patron_type__name").annotate(n=Count("pk"))
    return list(rows.order_by("site", "patron_type__name"))


def homerooms(site: Site) -> QuerySet[Homeroom]:
    """Return the homerooms of a site by name."""
    return Homeroom.objects.filter(site=site).order_by("name", "id")


def names_by_id(ids: Iterable[int]) -> dict[int, str]:
    """Return the names of those patrons that still exist, by id; for the lines of a job."""
    rows = Patron.objects.filter(pk__in=ids).select_related("account")
    return {p.pk: p.account.full_name for p in rows}


def _tied(**conditions: Any) -> Exists:
    return Exists(Association.objects.filter(patron=OuterRef("pk"), **conditions))
