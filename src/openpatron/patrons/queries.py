"""Every read of patrons. Each takes the actor first and shows only what that actor may see."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.kernel.errors import NotFoundError
from openpatron.kernel.text import storable
from openpatron.ledger import queries as ledger
from openpatron.organizations.models import Organization, PatronType, Site
from openpatron.organizations.queries import sites

from .models import SUBJECT, Association, Barcode, Homeroom, LocalCode, Patron, RemovedPatron
from .rules import next_numbers
from .search import matching
from .selection import natural
from .source_filter import of_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.db.models import QuerySet

    from openpatron.access.actor import Actor
    from openpatron.ledger.models import Change


# Not a parameter: SQLite would plan anew at every call, to see whether its partial indexes fit.
_CURRENT = RawSQL("'current'", ())
# One number is held at so many sites at most that anybody could want to choose from.
_HOLDERS = 20


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
    expired: bool = False
    expiring: bool = False
    local_code: str = ""
    # "external" or "internal"; and the source's number.
    record: str = ""
    source: int | None = None

    @property
    def active(self) -> list[str]:
        """The names of the fields that narrow something."""
        return [f.name for f in fields(self) if getattr(self, f.name) not in (None, "", False)]


def visible(actor: Actor) -> QuerySet[Patron]:
    """Return the patrons that the actor may see: all, or those of the sites with the right."""
    return _visible(actor, _tied)


def _visible(actor: Actor, tied: Callable[..., Q | Exists]) -> QuerySet[Patron]:
    actor.require_anywhere("patrons.view")
    sites = actor.sites_with("patrons.view")
    everyone = Patron.objects.all()
    return everyone if sites is None else everyone.filter(tied(site__in=sites))


def patrons(actor: Actor, narrowed: PatronFilter) -> QuerySet[Patron]:
    """Return the patrons of a list, by name, each with its account."""
    found = _narrowed(actor, narrowed, _tied)
    return found.select_related("account").order_by("sort_name", "id")


def number_of_patrons(actor: Actor, narrowed: PatronFilter) -> int:
    """Count the patrons of a list, without looking at each: a tenth of the time at one site."""
    return _narrowed(actor, narrowed, _among).count()


def _narrowed(
    actor: Actor, narrowed: PatronFilter, tied: Callable[..., Q | Exists]
) -> QuerySet[Patron]:
    found = _visible(actor, tied)
    ties = {
        name: getattr(narrowed, name)
        for name in ("site", "patron_type", "access_level")
        if getattr(narrowed, name) is not None
    }
    if ties:
        sites = actor.sites_with("patrons.view")
        found = found.filter(tied(**ties, **({} if sites is None else {"site__in": sites})))
    for name in ("grade_level", "graduation_year", "status"):
        if getattr(narrowed, name) not in (None, ""):
            found = found.filter(**{name: getattr(narrowed, name)})
    texts = narrowed.grade_level + narrowed.status + narrowed.local_code
    if not (storable(texts) and all(map(_is_id, ties.values()))):
        return found.none()
    if narrowed.expired:
        found = found.filter(expires_on__lt=timezone.localdate())
    if narrowed.expiring:
        found = found.filter(expires_on__range=_soon(actor))
    if narrowed.record or narrowed.source is not None:
        found = of_source(found, narrowed.record, narrowed.source)
    if narrowed.local_code:
        coded = LocalCode.objects.filter(organization=actor.organization, value=narrowed.local_code)
        found = found.filter(pk__in=coded.values("patron"))
    return matching(found, narrowed.text)


def _soon(actor: Actor) -> tuple[date, date]:
    """Return the days on which who expires is told before: today and the days of the warning."""
    today = timezone.localdate()
    return today, today + timedelta(days=actor.organization.expiry_warning_days)


def local_codes(actor: Actor) -> list[str]:
    """Return the local codes that occur, by name; one query."""
    codes = LocalCode.objects.filter(organization=actor.organization)
    if actor.sites_with("patrons.view") is not None:
        codes = codes.filter(patron__in=_visible(actor, _among).order_by())
    return list(codes.order_by("value").values_list("value", flat=True).distinct())


def with_ties(found: QuerySet[Patron]) -> QuerySet[Patron]:
    """Fetch associations (primary first) and barcodes along, in a fixed number of queries."""
    ties = Association.objects.select_related(
        "site", "patron_type", "access_level", "resource_group", "homeroom"
    ).order_by("-is_primary", "site__name", "id")
    cards = Barcode.objects.select_related("site").order_by("site__name", "id")
    return found.prefetch_related(Prefetch("associations", ties), Prefetch("barcodes", cards))


def patron(actor: Actor, number: int) -> Patron:
    """Return one patron with associations and barcodes, or raise ``NotFoundError``."""
    found = None
    if _is_id(number):
        found = with_ties(visible(actor).select_related("account")).filter(pk=number).first()
    if found is None:
        raise NotFoundError(_("There is no patron %d here.") % number)
    return found


def history(actor: Actor, patron: Patron) -> QuerySet[Change]:
    """Return what happened to a patron that the actor was shown, the newest first.

    Also under the numbers of the records that were merged into this one; one query for those.
    """
    actor.require_anywhere("patrons.view")
    return ledger.history(SUBJECT, *numbers_of(patron))


def numbers_of(patron: Patron) -> list[int]:
    """Return the number of a record, and those of the records that were merged into it."""
    merged = RemovedPatron.objects.filter(merged_into=patron.pk)
    return [patron.pk, *merged.values_list("patron", flat=True)]


def erasure_wishes(actor: Actor) -> QuerySet[Patron]:
    """Return the visible patrons who wish to be erased, those who have waited longest first."""
    wishing = visible(actor).filter(account__erasure_wished_at__isnull=False)
    return with_ties(wishing.select_related("account").order_by("account__erasure_wished_at", "pk"))


def patron_to_edit(actor: Actor, number: int) -> Patron:
    """Return one patron as ``patron`` does, locked until the transaction ends."""
    if _is_id(number):
        visible(actor).select_for_update(of=("self",)).filter(pk=number).first()
    return patron(actor, number)


def patrons_by_barcode(actor: Actor, value: str) -> list[Patron]:
    """Return the patrons who hold exactly this number now, at any site that the actor may see.

    More than one where the number is given at several sites.
    """
    holders = holders_of(actor, value).select_related("account")
    found = with_ties(holders.order_by("sort_name", "id"))[:_HOLDERS]
    return list({holder.pk: holder for holder in found}.values())


def holders_of(actor: Actor, value: str) -> QuerySet[Patron]:
    """Return who holds exactly this number now; a patron once for each place where."""
    if not storable(value):
        return Patron.objects.none()
    sites = actor.sites_with("patrons.view")
    # A join, not a subquery: SQLite then begins with the number and not with the list's order.
    held = Q(
        barcodes__organization=actor.organization,
        barcodes__value=value,
        barcodes__state=_CURRENT,
    )
    if sites is not None:
        held &= Q(barcodes__site__in=sites) | Q(barcodes__site=None)
    return visible(actor).filter(held)


def cards_in_sight(actor: Actor, patron: Patron) -> list[Barcode]:
    """Return the patron's numbers at the sites whose patrons the actor may see; no query."""
    allowed = actor.sites_with("patrons.view")
    cards = list(patron.barcodes.all())
    if allowed is None:
        return cards
    return [card for card in cards if card.site_id is None or card.site_id in allowed]


def grades_and_years(actor: Actor) -> tuple[list[str], list[int]]:
    """Return the grade levels and graduation years that occur, in their order; one query."""
    seen = _visible(actor, _among).order_by()
    rows = list(seen.values_list("grade_level", "graduation_year").distinct())
    grades = {grade for grade, _year in rows if grade}
    years = {year for _grade, year in rows if year is not None}
    return sorted(grades, key=natural), sorted(years)


def sites_in_sight(actor: Actor) -> QuerySet[Site]:
    """Return the sites whose patrons the actor may see, by name; media sites have none."""
    allowed = actor.sites_with("patrons.view")
    found = sites().exclude(kind=Site.Kind.MEDIA)
    return found if allowed is None else found.filter(pk__in=allowed)


def in_order(found: QuerySet[Patron], name: str, grades: Iterable[str]) -> QuerySet[Patron]:
    """Return a list in the order of a field, "-" before it for the other way; empty values last.

    ``grades``: the grade levels in their order, which is not that of the alphabet.
    """
    column = name.removeprefix("-")
    if column == "name":
        key: Any = F("sort_name")
    elif column == "grade_level":
        places = [When(grade_level=grade, then=place) for place, grade in enumerate(grades)]
        key = Case(*places, default=None, output_field=IntegerField())
    else:
        key = F({"status": "status", "expires_on": "expires_on"}.get(column, "graduation_year"))
    ordered = key.desc(nulls_last=True) if name.startswith("-") else key.asc(nulls_last=True)
    return found.order_by(ordered, "sort_name", "id")


def patrons_per_site_and_type(actor: Actor) -> list[tuple[int, str, int]]:
    """Return (site id, patron type, number of patrons), for the sites that the actor may see."""
    ties = Association.objects.all()
    sites = actor.sites_with("patrons.view")
    if sites is not None:
        ties = ties.filter(site__in=sites)
    # By number, from the index alone; the names come after.
    rows = ties.order_by().values_list("site", "patron_type").annotate(n=Count("pk"))
    names = dict(PatronType.objects.values_list("pk", "name"))
    return sorted((site, names[patron_type], n) for site, patron_type, n in rows)


def patron_counts(actor: Actor) -> dict[str, int]:
    """Count the visible patrons: ``total``, each status, ``expired`` (active nevertheless), and
    those ``expiring`` soon.
    """
    active = Q(status=Patron.Status.ACTIVE)
    return _visible(actor, _among).aggregate(
        total=Count("pk"),
        expired=Count("pk", filter=active & Q(expires_on__lt=timezone.localdate())),
        expiring=Count("pk", filter=active & Q(expires_on__range=_soon(actor))),
        **{value: Count("pk", filter=Q(status=value)) for value in Patron.Status.values},
    )


@dataclass(frozen=True, slots=True)
class SiteOverview:
    """A site, how many patrons are associated with it, and how its card numbers stand.

    ``next_number`` is "" where the site gives no number; ``left`` counts those still to be given.
    """

    site: Site
    patrons: int
    next_number: str
    left: int

    @property
    def numbers(self) -> str:
        """``none`` (no pattern), ``exhausted``, ``low``, ``enough``, or "" where none are given."""
        if self.site.kind == self.site.Kind.MEDIA or self._is_wide:
            return ""
        if not self.site.barcode_digits:
            return "none"
        if not self.left:
            return "exhausted"
        # A quarter of the patrons may come new in one summer.
        return "low" if self.left < max(100, self.patrons // 4) else "enough"

    @property
    def _is_wide(self) -> bool:
        return self.site.organization.barcode_scope == Organization.BarcodeScope.ORGANIZATION


def site_overviews(actor: Actor) -> list[SiteOverview]:
    """Return the sites that the actor may see, by name; two queries."""
    actor.require_anywhere("organizations.view_sites")
    allowed = actor.sites_with("organizations.view_sites")
    found = sites().select_related("organization")
    if allowed is not None:
        found = found.filter(pk__in=allowed)
    last = Case(
        When(barcode_last=0, then=Value(10**18)),
        default=F("barcode_last"),
        output_field=BigIntegerField(),
    )
    given = Barcode.objects.filter(
        site=OuterRef("pk"), number__gte=OuterRef("barcode_first"), number__lte=OuterRef("last")
    )
    highest = Subquery(given.order_by("-number").values("number")[:1])
    ties = Association.objects.filter(site__in=found.order_by()).values_list("site")
    counted = dict(ties.annotate(n=Count("pk")).order_by())
    return [
        _overview(site, counted.get(site.pk, 0))
        for site in found.annotate(last=last).annotate(highest=highest)
    ]


def _overview(site: Any, patrons: int) -> SiteOverview:
    pattern = site.barcode_pattern
    following = next(next_numbers(pattern, site.highest), None)
    left = 0 if following is None else pattern.last - following[0] + 1
    return SiteOverview(site, patrons, "" if following is None else following[1], left)


def own_patron(actor: Actor) -> Patron | None:
    """Return the actor's own record, with associations and barcodes; it needs no right."""
    if actor.account is None:
        return None
    own = Patron.objects.filter(account=actor.account).select_related("account")
    return with_ties(own).first()


def patrons_per_site(actor: Actor) -> dict[int, int]:
    """Return the number of patrons by site, for those who update the patrons of all sites."""
    actor.require("patrons.manage_district")
    ties = Association.objects.order_by().values_list("site")
    return dict(ties.annotate(n=Count("pk")))


def homerooms(site: Site) -> QuerySet[Homeroom]:
    """Return the homerooms of a site by name."""
    return Homeroom.objects.filter(site=site).order_by("name", "id")


def homerooms_at(site_ids: Iterable[int]) -> dict[int, list[Homeroom]]:
    """Return the homerooms of some sites, by site, each list by name; one query."""
    found: dict[int, list[Homeroom]] = {}
    for room in Homeroom.objects.filter(site__in=list(site_ids)).order_by("name", "id"):
        found.setdefault(room.site_id, []).append(room)
    return found


def names_by_id(ids: Iterable[int]) -> dict[int, str]:
    """Return the names of those patrons that still exist, by id; for the lines of a job."""
    # The same as Account.full_name (a test compares them), but a million times without a model.
    rows = Patron.objects.filter(pk__in=ids).values_list(
        "pk", "account__preferred_name", "account__first_name", "account__last_name"
    )
    return {
        number: " ".join(part for part in (preferred or first, last) if part)
        for number, preferred, first, last in rows
    }


def _is_id(number: int) -> bool:
    """Tell whether the number fits a key; SQLite raises where it is asked for a larger one."""
    return 0 < number < 2**63


def _tied(**conditions: Any) -> Exists:
    """Ask patron by patron: best for the first page of a list in its order."""
    return Exists(Association.objects.filter(patron=OuterRef("pk"), **conditions))


def _among(**conditions: Any) -> Q:
    """Ask once for all: best for counting."""
    return Q(pk__in=Association.objects.filter(**conditions).values("patron"))
