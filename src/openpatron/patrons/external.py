"""External records: what a source owns of a patron, what it sent last, and what is protected.

One function answers for every field that an edit would write (``External.lock``). Fields have the
names that feeds give them: columns of Account and Patron, and "patron_type", "homeroom" and the
like for the one association that the source speaks of. Where it delivers a person at further sites,
their fields are called "patron_type@alder". Other associations are local additions.

Personal data belong to all organizations of a person: what a source in any of them owns is locked
in all of them. Elsewhere it is only said that it is another organization's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.access.registry import permission
from openpatron.accounts.models import Account
from openpatron.accounts.queries import organizations_of
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.organizations.models import Organization, Site
from openpatron.organizations.scope import open_organization

from .models import Association, Barcode, Patron, Protection, SourceRecord

OPEN = "patrons.open_external"

# Columns of Account, of Patron, and of the association that the source speaks of.
OF_ACCOUNT = (
    "first_name", "middle_name", "last_name", "preferred_name", "suffix", "birth_date", "gender",
    "username", "email", "mobile_phone", "home_phone", "business_phone", "other_phone",
    "street", "postal_code", "city", "country", "language",
)  # fmt: skip
OF_RECORD = (
    "district_id", "status", "grade_level", "graduation_year", "expires_on", "additional_email",
    "second_street", "second_postal_code", "second_city", "second_country",
)  # fmt: skip
OF_TIE = ("patron_type", "access_level", "resource_group", "homeroom")
BARCODE, SITE = "barcode", "site"
_AT = "@"
LOCKABLE = (*OF_ACCOUNT, *OF_RECORD, *OF_TIE, BARCODE, SITE)
"""The fields that can be owned, in the order in which they are listed."""


@dataclass(frozen=True, slots=True)
class Opening:
    """That a record was opened for update, and what becomes of the owned fields that are changed.

    ``protects``: feeds leave them, until that day or until the source sends the very value, if so.
    """

    protects: bool = False
    until: date | None = None
    ends_when_equal: bool = False


@dataclass(frozen=True, slots=True)
class Lock:
    """That a field is owned: by a source (``owner``, its name), or ("") in another organization.

    ``received`` is None where the source never sent a value for it; ``place`` the short name of a
    further site, "" for the association of which the source speaks, and for fields of no site.
    """

    field: str
    owner: str
    received: str | None = None
    received_at: datetime | None = None
    protection: Protection | None = None
    place: str = ""

    @property
    def protected_as(self) -> str:
        """The name under which it is protected."""
        return name_at(self.field, self.place)

    @property
    def is_elsewhere(self) -> bool:
        """Tell whether it is another organization's."""
        return not self.owner


@dataclass(frozen=True, slots=True)
class External:
    """What is owned of one patron, read to the end; ``record`` is None for an internal one."""

    record: SourceRecord | None
    protections: Mapping[str, Protection] = field(default_factory=dict)
    # Columns of Account that are owned in another organization.
    elsewhere: frozenset[str] = frozenset()

    @property
    def owned(self) -> list[str]:
        """The fields that the own source owns, in their order."""
        owned = set() if self.record is None else set(self.record.source.owned)
        return [name for name in LOCKABLE if name in owned]

    def lock(self, name: str, tie: Association | None = None) -> Lock | None:
        """Return who owns the field (of the association ``tie``), or None for nobody."""
        record = self.record
        if record is not None and name in record.source.owned:
            if tie is not None and not delivers(record, tie):
                return None
            is_main = tie is None or speaks_of(record, tie)
            place = "" if tie is None or is_main else tie.site.short_name
            said = sent_for(record, place)
            protection = self.protections.get(name_at(name, place))
            return Lock(
                name, record.source.name, said.get(name), record.received_at, protection, place
            )
        return Lock(name, "") if name in self.elsewhere else None

    def locks(self, names: Iterable[str], tie: Association | None = None) -> list[Lock]:
        """Return the locks of those of the fields that are owned."""
        return [lock for name in names if (lock := self.lock(name, tie)) is not None]


def external_of(patron: Patron) -> External:
    """Return what is owned of a patron; three queries, and one for each other organization."""
    record = SourceRecord.objects.select_related("source").filter(patron=patron).first()
    elsewhere = owners_of(patron.account, other_than=patron.organization_id)
    columns = frozenset(name for owner in elsewhere for name in owner.fields)
    if record is None:
        return External(None, {}, columns)
    held = {one.field: one for one in Protection.objects.filter(patron=patron) if lasts(one)}
    return External(record, held, columns)


def lasts(protection: Protection) -> bool:
    """Tell whether the protection holds today."""
    return protection.until is None or protection.until >= timezone.localdate()


@dataclass(frozen=True, slots=True)
class Owner:
    """A source that delivers a person in one organization, and the personal data that it owns."""

    organization: Organization
    source: str
    fields: frozenset[str]


def owners_of(account: Account, other_than: int | None = None) -> list[Owner]:
    """Return the sources that own personal data of the person, in whichever organization."""
    found = []
    for organization in organizations_of(account).exclude(pk=other_than or 0):
        with open_organization(organization):
            records = SourceRecord.objects.filter(patron__account=account).select_related("source")
            for record in records:
                owned = frozenset(OF_ACCOUNT) & frozenset(record.source.owned)
                if owned:
                    found.append(Owner(organization, record.source.name, owned))
    return found


def kept_by(account: Account) -> dict[str, str]:
    """Return why a person does not change these columns of Account on their own, by column."""
    return {
        name: _("“%(source)s” of %(organization)s keeps this. Ask there, if it is wrong.")
        % {"source": owner.source, "organization": owner.organization.name}
        for owner in owners_of(account)
        for name in owner.fields
    }


def speaks_of(record: SourceRecord, tie: Association) -> bool:
    """Tell whether it is the association that the source delivers: its site, or the primary one."""
    site = record.values.get(SITE)
    return tie.site.short_name == site if site else tie.is_primary


def delivers(record: SourceRecord, tie: Association) -> bool:
    """Tell whether the source delivers the association: as its own, or as one of a further site."""
    return speaks_of(record, tie) or tie.site.short_name in (record.further or {})


def name_at(name: str, place: str) -> str:
    """Return what a field is called in protections; ``place``: a further site's short name."""
    return f"{name}{_AT}{place}" if place else name


def split_name(name: str) -> tuple[str, str]:
    """Return the field of a protection, and its further site ("" without)."""
    field, _at, place = name.partition(_AT)
    return field, place


def sent_for(record: SourceRecord, place: str) -> Mapping[str, str]:
    """Return the values that a source sent last, those of a further site where one is named."""
    main: Mapping[str, str] = record.values
    if not place:
        return main
    return {**(record.further or {}).get(place, {}), SITE: place}


def tie_of(record: SourceRecord | None, ties: Iterable[Association]) -> Association | None:
    """Return the association that the source speaks of; of an internal record the primary one."""
    for tie in ties:
        if tie.is_primary if record is None else speaks_of(record, tie):
            return tie
    return None


def present(patron: Patron, name: str, record: SourceRecord | None) -> str:
    """Return what we have in a field, as feeds write it; no query where all is fetched along."""
    name, place = split_name(name)
    if name in OF_ACCOUNT or name in OF_RECORD:
        value = getattr(patron.account if name in OF_ACCOUNT else patron, name)
        return value.isoformat() if isinstance(value, date) else str(value or "")
    ties = patron.associations.all()
    there = (tie for tie in ties if tie.site.short_name == place)
    tie = next(there, None) if place else tie_of(record, ties)
    if tie is None:
        return ""
    if name == SITE:
        return tie.site.short_name
    if name == BARCODE:
        cards = [
            card.value
            for card in patron.barcodes.all()
            if card.state == Barcode.State.CURRENT and card.site_id in {tie.site_id, None}
        ]
        return cards[0] if cards else ""
    row = getattr(tie, name, None)
    return "" if row is None else str(row.name)


def may_open(actor: Actor, patron: Patron, site: Site | None = None) -> bool:
    """Tell whether the actor may open the record: at one of its sites, or at that one; no query."""
    if site is not None:
        return actor.may(OPEN, site)
    return actor.may(OPEN) or any(actor.may(OPEN, tie.site) for tie in patron.associations.all())


def require_open(actor: Actor, patron: Patron, site: Site | None = None) -> None:
    """Raise ``NotAllowedError`` unless ``may_open``; the sentence says at which site."""
    if not may_open(actor, patron, site):
        places = [site] if site else [tie.site for tie in patron.associations.all()]
        raise NotAllowedError(
            OPEN,
            _("This needs the right “%(right)s” at %(site)s, which you do not hold.")
            % {
                "right": permission(OPEN).label,
                "site": _(" or ").join(place.name for place in places) or _("the organization"),
            },
        )


def require_unlocked(
    actor: Actor, patron: Patron, locks: Iterable[tuple[Lock, Site | None]], opening: Opening | None
) -> None:
    """Raise unless these owned fields may be written now; ``Site``: that of an association.

    ``InputError`` naming the first field where the record was not opened for update, or is
    another organization's; ``NotAllowedError`` where the actor may not open it.
    """
    for lock, site in locks:
        if lock.is_elsewhere:
            raise InputError(lock.field, owned_elsewhere(lock.field))
        if opening is None:
            raise InputError(
                lock.field,
                _(
                    "%(field)s: the source “%(source)s” owns this field. Open the record for "
                    "update first."
                )
                % {"field": lock.field, "source": lock.owner},
            )
        require_open(actor, patron, site)


def owned_elsewhere(name: str) -> str:
    """Return what is said of a field that is another organization's."""
    return _("%s: owned by another organization's source. It can be changed only there.") % name
