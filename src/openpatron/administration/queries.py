"""Every read of administration; what is read for somebody takes the actor first."""

from __future__ import annotations

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Count, Model, Q, QuerySet
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.access.models import AccessLevel
from openpatron.access.registry import known_names
from openpatron.kernel.errors import NotFoundError
from openpatron.kernel.lookup import the_one
from openpatron.ledger import queries as ledger
from openpatron.ledger.models import AT_WORK, Change, Job, State
from openpatron.notifications.models import Kind, LetterSettings, MessageText
from openpatron.notifications.rules import Rule, rules_of
from openpatron.organizations.models import PatronType
from openpatron.patrons.models import Association, RegistrationTemplate, StaffRole

from .permissions import MANAGE, MANAGE_LEVELS

ORGANIZATION, SITE, MESSAGES = "organization", "site", "messages"
PATRON_TYPE, ACCESS_LEVEL, TEMPLATE = "patron_type", "access_level", "template"
"""What the ledger calls the things that are administered."""

_RIGHTS = {ACCESS_LEVEL: MANAGE_LEVELS}


def history(actor: Actor, kind: str, number: int) -> QuerySet[Change]:
    """Return what was changed in one of the things that are administered, the newest first."""
    actor.require(_RIGHTS.get(kind, MANAGE))
    return ledger.history(kind, number)


def own_texts(actor: Actor) -> dict[tuple[str, str], MessageText]:
    """Return the organization's own words, by kind of message and language."""
    actor.require(MANAGE)
    return {(one.kind, one.language): one for one in MessageText.objects.all()}


def message_rules(actor: Actor) -> dict[Kind, Rule]:
    """Return which messages are sent, and when."""
    actor.require(MANAGE)
    return rules_of(actor.organization)


def letter_settings(actor: Actor) -> LetterSettings:
    """Return how letters are made; what the program has where nothing was decided."""
    actor.require(MANAGE)
    found = LetterSettings.objects.filter(organization=actor.organization).first()
    return found or LetterSettings(organization=actor.organization)


def types_in_use(actor: Actor) -> list[tuple[PatronType, int]]:
    """Return the patron types by name, each with the number of its associations."""
    actor.require(MANAGE)
    counted = dict(
        Association.objects.order_by().values_list("patron_type").annotate(n=Count("pk"))
    )
    return [(one, counted.get(one.pk, 0)) for one in PatronType.objects.order_by("name", "pk")]


def patron_type(actor: Actor, number: int) -> PatronType:
    """Return one patron type, or raise ``NotFoundError``."""
    actor.require(MANAGE)
    return the_row(PatronType.objects.all(), number, _("There is no patron type %d here."))


def levels_in_use(actor: Actor) -> list[tuple[AccessLevel, int, int]]:
    """Return the access levels by name, with the numbers of associations and staff roles."""
    actor.require(MANAGE_LEVELS)
    ties, roles = (
        dict(model.objects.order_by().values_list("access_level").annotate(n=Count("pk")))
        for model in (Association, StaffRole)
    )
    return [
        (one, ties.get(one.pk, 0), roles.get(one.pk, 0))
        for one in AccessLevel.objects.order_by("name", "pk")
    ]


def access_level(actor: Actor, number: int) -> AccessLevel:
    """Return one access level, or raise ``NotFoundError``."""
    actor.require(MANAGE_LEVELS)
    return the_row(AccessLevel.objects.all(), number, _("There is no access level %d here."))


def is_above(actor: Actor, level: AccessLevel) -> bool:
    """Tell whether a level holds a right that the actor does not hold everywhere; no query.

    Names that this version of the program does not know are no rights.
    """
    return not actor.may_grant(known_names().intersection(level.permissions), None)


def templates(actor: Actor) -> list[RegistrationTemplate]:
    """Return the registration templates by name: for who manages them, or registers patrons."""
    if not actor.may(MANAGE):
        actor.require_anywhere("patrons.register")
    found = RegistrationTemplate.objects.select_related("site", "patron_type", "access_level")
    return list(found.order_by("name", "pk"))


def template(actor: Actor, number: int) -> RegistrationTemplate:
    """Return one registration template, or raise ``NotFoundError``."""
    actor.require(MANAGE)
    return the_row(RegistrationTemplate.objects.all(), number, _("There is no template %d here."))


def template_by_name(actor: Actor, name: str, field: str) -> RegistrationTemplate:
    """Return the template of that name, or raise ``InputError`` naming those there are."""
    if not actor.may(MANAGE):
        actor.require_anywhere("patrons.register")
    found = RegistrationTemplate.objects.select_related("site", "patron_type", "access_level")
    return the_one(found, "name", name, field, _("template"))


def open_jobs_with(name: str, number: int) -> int:
    """Count the jobs that are not finished and would give the type or level of that number.

    ``name``: ``patron_type`` or ``access_level``.
    """
    given = Q(**{f"params__{name}": number}) | Q(params__field=name, params__new=number)
    return Job.objects.filter(given, state__in=[*AT_WORK, State.PLANNED]).count()


def the_row[M: Model](rows: QuerySet[M], number: int, missing: str) -> M:
    """Return the row of that number, or raise ``NotFoundError`` with the sentence."""
    try:
        if 0 < number < 2**63:
            return rows.get(pk=number)
    except ObjectDoesNotExist:
        pass
    raise NotFoundError(missing % number)
