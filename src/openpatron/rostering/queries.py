"""Every read of rostering; what is read for somebody takes the actor first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import NotFoundError
from openpatron.ledger import queries as ledger
from openpatron.ledger.models import Change, Job
from openpatron.organizations.models import Site
from openpatron.patrons.models import Association, Homeroom, Patron

from . import mending
from .links import Links
from .models import CoTeacher, PlatformSetup, SentClass, SentRole, SentUser, Status, Target
from .permissions import MANAGE, MANAGE_TARGETS
from .roster import SiteRoster
from .rules import HOMEROOM, RULES, SITE, STUDENT, PersonFacts, RoomFacts, Rule, SiteFacts
from .setups import setup_of

ROOM = "homeroom"
SETUP = "platform_setup"
TARGET = "target"
"""What the ledger calls the things of rostering."""

SYNC = "sync_site"
"""The kind of job that a run is."""


@dataclass(frozen=True, slots=True)
class Failing:
    """One that fails a condition: its name, and where that is mended."""

    name: str
    link: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a site, and who fails it."""

    rule: Rule
    failing: list[Failing]

    @property
    def holds(self) -> bool:
        """Whether nobody fails it."""
        return not self.failing


@dataclass(frozen=True, slots=True)
class Readiness:
    """The conditions of a site in the order of the rules, and how many could be delivered."""

    site: Site
    conditions: list[Condition]
    people: int
    people_ready: int
    rooms: int
    rooms_ready: int

    @property
    def ready(self) -> bool:
        """Whether all conditions hold."""
        return all(one.holds for one in self.conditions)


def _require_here(actor: Actor, site: Site) -> None:
    """Raise unless the actor manages homerooms at the site, which is of the own organization."""
    if site.organization_id != actor.organization.pk:
        raise NotFoundError(_("There is no site “%s” here.") % site.short_name)
    actor.require(MANAGE, site)


def site_to_manage(actor: Actor, short_name: str) -> Site:
    """Return a site whose homerooms the actor manages, or raise ``NotFoundError``."""
    actor.require_anywhere(MANAGE)
    allowed = actor.sites_with(MANAGE)
    sites = Site.objects.filter(short_name=short_name).exclude(kind=Site.Kind.MEDIA)
    found = (sites if allowed is None else sites.filter(pk__in=allowed)).first()
    if found is None:
        raise NotFoundError(_("There is no site “%s” here.") % short_name[:100])
    return found


def sites_to_manage(actor: Actor) -> QuerySet[Site]:
    """Return the sites whose homerooms the actor manages, by name."""
    actor.require_anywhere(MANAGE)
    allowed = actor.sites_with(MANAGE)
    sites = Site.objects.exclude(kind=Site.Kind.MEDIA).order_by("name", "pk")
    return sites if allowed is None else sites.filter(pk__in=allowed)


def readiness(actor: Actor, site: Site) -> Readiness:
    """Return which conditions hold at the site, and who fails the others; few queries."""
    _require_here(actor, site)
    setup = setup_of(site)
    roster, links = SiteRoster(setup), Links(actor.organization, setup)
    everybody = roster.people()
    students: Counter[int] = Counter()
    for one in everybody:
        if one.facts.role == STUDENT and one.homeroom_id is not None:
            students[one.homeroom_id] += 1
    rooms = roster.rooms_with({one.facts.patron_id: one for one in everybody}, students)
    facts = SiteFacts(is_used=setup.is_used, has_supervisor=setup.supervisor_id is not None)
    failing: dict[str, list[Failing]] = {rule.code: [] for rule in RULES}
    ready = {"people": 0, "rooms": 0}
    about: list[tuple[str, SiteFacts | RoomFacts | PersonFacts]] = [
        (SITE, facts),
        *((HOMEROOM, room) for room in rooms),
        *((one.facts.role, one.facts) for one in everybody if one.facts.role),
    ]
    for kind, thing in about:
        lacks = [rule for rule in RULES if rule.about == kind and not rule.holds(thing)]
        if not lacks and kind != SITE:
            ready["rooms" if kind == HOMEROOM else "people"] += 1
        for rule in lacks:
            place = None if isinstance(thing, SiteFacts) else thing
            name = site.name if place is None else place.name
            failing[rule.code].append(Failing(name, links.of(rule, place)))
    return Readiness(
        site=site,
        conditions=[Condition(rule, failing[rule.code]) for rule in RULES],
        people=sum(1 for kind, _thing in about if kind not in {SITE, HOMEROOM}),
        people_ready=ready["people"],
        rooms=len(rooms),
        rooms_ready=ready["rooms"],
    )


def number_failing(actor: Actor, site: Site, code: str) -> int:
    """Return how many patrons mending that condition is about."""
    _require_here(actor, site)
    return len(mending.failing(site, code))


def homerooms(actor: Actor, site: Site) -> QuerySet[Homeroom]:
    """Return the homerooms of a site by name, each with the number of its patrons."""
    _require_here(actor, site)
    found = Homeroom.objects.filter(site=site).select_related("supervisor__account")
    teaching = CoTeacher.objects.select_related("patron__account").order_by("pk")
    return (
        found.annotate(patrons=Count("associations"))
        .prefetch_related(Prefetch("co_teachers", teaching))
        .order_by("name", "pk")
    )


def homeroom(actor: Actor, site: Site, number: int) -> Homeroom:
    """Return one homeroom of the site, or raise ``NotFoundError``."""
    found = homerooms(actor, site).filter(pk=number).first() if 0 < number < 2**63 else None
    if found is None:
        raise NotFoundError(_("There is no homeroom %(number)d here.") % {"number": number})
    return found


def co_teachers(actor: Actor, room: Homeroom) -> list[int]:
    """Return the numbers of the patrons who teach a homeroom beside its supervisor."""
    _require_here(actor, room.site)
    rows = CoTeacher.objects.filter(homeroom=room).order_by("pk")
    return list(rows.values_list("patron", flat=True))


def patrons_in(actor: Actor, room: Homeroom) -> QuerySet[Patron]:
    """Return the patrons of a homeroom, in the order of lists."""
    _require_here(actor, room.site)
    ties = Association.objects.filter(homeroom=room).values("patron")
    return Patron.objects.filter(pk__in=ties).select_related("account").order_by("sort_name", "pk")


def room_history(actor: Actor, room: Homeroom) -> QuerySet[Change]:
    """Return what happened to a homeroom, the newest first."""
    _require_here(actor, room.site)
    return ledger.history(ROOM, room.pk)


def setup_history(actor: Actor, site: Site) -> QuerySet[Change]:
    """Return what was changed in a site's settings of the platform, the newest first."""
    _require_here(actor, site)
    return ledger.history(SETUP, site.pk)


def runs(actor: Actor, site: Site) -> QuerySet[Job]:
    """Return the runs of a site, the newest first."""
    _require_here(actor, site)
    return Job.objects.filter(kind=SYNC, params__source=site.pk).order_by("-pk")


def setups(actor: Actor) -> dict[int, PlatformSetup]:
    """Return what the sites have set that the actor manages, by site."""
    found = PlatformSetup.objects.filter(site__in=sites_to_manage(actor))
    return {one.site_id: one for one in found.select_related("supervisor__account")}


def sent_here(actor: Actor, site: Site) -> tuple[QuerySet[SentUser], QuerySet[SentClass]]:
    """Return what was delivered of a site: its accounts and its homerooms, active and withdrawn."""
    _require_here(actor, site)
    roles = SentRole.objects.filter(site=site)
    users = SentUser.objects.filter(pk__in=roles.values("sent_user")).prefetch_related(
        Prefetch("roles", roles)
    )
    return users.order_by("-modified_at", "pk"), SentClass.objects.filter(site=site)


def delivered_counts(actor: Actor) -> dict[int, int]:
    """Return how many accounts are delivered of each site that the actor manages."""
    roles = SentRole.objects.filter(
        site__in=sites_to_manage(actor), status=Status.ACTIVE
    ).order_by()
    return dict(roles.values_list("site").annotate(n=Count("sent_user", distinct=True)))


def receivers(actor: Actor, site: Site) -> list[Target]:
    """Return the targets in use that receive the site, by name."""
    _require_here(actor, site)
    return list(Target.objects.filter(sites=site, is_active=True).order_by("name", "pk"))


def targets(actor: Actor) -> QuerySet[Target]:
    """Return the targets by name."""
    actor.require(MANAGE_TARGETS)
    return Target.objects.order_by("name", "pk").prefetch_related("sites")


def target(actor: Actor, number: int) -> Target:
    """Return one target, or raise ``NotFoundError``."""
    found = targets(actor).filter(pk=number).first() if 0 < number < 2**63 else None
    if found is None:
        raise NotFoundError(_("There is no target %d here.") % number)
    return found


def target_history(actor: Actor, number: int) -> QuerySet[Change]:
    """Return what was changed in a target, the newest first."""
    actor.require(MANAGE_TARGETS)
    return ledger.history(TARGET, number)


def candidates(actor: Actor, site: Site, also: Sequence[int] = ()) -> list[tuple[int, str]]:
    """Return who may lead a homeroom of the site, or the site: its teachers and its staff."""
    _require_here(actor, site)
    setup = setup_of(site)
    teachers = Q(patron_type__in=setup.teacher_types) | Q(access_level__in=setup.teacher_levels)
    ties = Association.objects.filter(teachers, site=site)
    found = Patron.objects.filter(
        Q(pk__in=ties.values("patron")) | Q(staff_roles__isnull=False, associations__site=site)
        | Q(pk__in=also)
    ).exclude(status=Patron.Status.INACTIVE)  # fmt: skip
    rows = found.select_related("account").order_by("sort_name", "pk").distinct()
    return [(one.pk, one.account.list_name) for one in rows]
