"""Register a person: the account (a new one, or the one they have) and the patron record here.

Everything is written in one transaction, or nothing: account, registration, patron, association,
card, staff roles, and the changes in the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.access.models import AccessLevel
from openpatron.accounts.leaving import keep
from openpatron.accounts.models import Account, Registration
from openpatron.accounts.rules import email, language, personal_data, username
from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.notifications import texts
from openpatron.notifications.models import Kind
from openpatron.organizations.models import PatronType, Site
from openpatron.patrons import fields
from openpatron.patrons.actions.grant_staff_role import grant_staff_role
from openpatron.patrons.actions.look_up_person import (
    AccountExistsError,
    account_elsewhere,
    initials,
)
from openpatron.patrons.actions.set_password_link import require_address
from openpatron.patrons.barcodes import give_barcode
from openpatron.patrons.messages import tell_account, tell_patron
from openpatron.patrons.models import SUBJECT, Association, Patron
from openpatron.patrons.office import Office, write_office
from openpatron.patrons.personal_data import require_fitting_channel
from openpatron.patrons.search import search_text, sort_name
from openpatron.patrons.staff_roles import PERMISSION as ROLES

PERMISSION = "patrons.register"


@dataclass(frozen=True, slots=True)
class WantedRole:
    """A staff role to give at once: the level, its sites (None: everywhere), its last day."""

    level: AccessLevel
    sites: tuple[Site, ...] | None
    ends_on: date | None = None


class RoleNotAllowedError(NotAllowedError):
    """It is the staff role that may not be given."""


@dataclass(frozen=True, slots=True)
class Registered:
    """Who is to be registered: personal data by field name, and the management record.

    ``barcode`` "" gives the next number of the site. ``has_agreed``: the person agreed that an
    account that they have elsewhere is used here. ``send_link``: a link to set a password is sent
    to the account's address, unless it has a password already.
    """

    personal: dict[str, Any]
    site: Site
    patron_type: PatronType
    access_level: AccessLevel
    barcode: str = ""
    district_id: str = ""
    grade_level: str = ""
    graduation_year: int | None = None
    expires_on: date | None = None
    # In which the library writes to the person; "": the account's, then the organization's.
    language: str = ""
    has_agreed: bool = False
    password: str | None = field(default=None, repr=False)
    send_link: bool = False
    # Mail, although there is an address; and the additional address.
    wants_mail: bool = False
    additional_email: str = ""
    office: Office = field(default_factory=lambda: Office((), None))
    roles: tuple[WantedRole, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """The patron record, and whether the account was made with it."""

    patron: Patron
    is_new_account: bool


def register_patron(actor: Actor, wanted: Registered) -> Patron:
    """Register the person and return the patron record.

    Raises ``NotAllowedError``, or ``InputError`` naming the field: nothing is written then. Of two
    who register the same person at the same second, the later one gets the error.
    """
    return register_person(actor, wanted).patron


def register_person(actor: Actor, wanted: Registered) -> Made:
    """Register the person as ``register_patron`` does; tell whether the account is a new one."""
    actor.require(PERMISSION, wanted.site)
    actor.require_give(wanted.access_level, wanted.site)
    _check_site(wanted.site)
    if wanted.send_link and wanted.password is not None:
        raise InputError(
            "send_link",
            _("A password is generated or a link is sent: choose one of the two."),
        )
    organization = actor.organization
    today, year = timezone.localdate(), wanted.graduation_year
    personal = personal_data(wanted.personal, region=organization.country, today=today)
    management = {
        "district_id": clean(wanted.district_id, "district_id", limit=40),
        "grade_level": fields.grade_level(wanted.grade_level),
        "graduation_year": None if year is None else fields.graduation_year(year),
        "expires_on": _not_over(wanted.expires_on, today),
        "language": language(wanted.language),
        "wants_mail": wanted.wants_mail,
        "additional_email": email(wanted.additional_email, "additional_email"),
    }
    # Before the transaction: what was looked up stays recorded, whatever comes of it.
    existing = _existing_account(actor, personal, wanted)
    try:
        with transaction.atomic():
            if existing is not None:
                keep(existing)
            account = existing or _new_account(personal, wanted.password)
            if wanted.send_link:
                require_address(account, "send_link")
            patron = Patron(
                organization=organization, account=account, registered_on=today, **management
            )
            require_fitting_channel(patron)
            patron.save()
            Registration.objects.get_or_create(account=account, organization=organization)
            Association.objects.create(
                organization=organization,
                patron=patron,
                site=wanted.site,
                patron_type=wanted.patron_type,
                access_level=wanted.access_level,
                is_primary=True,
            )
            card = give_barcode(organization, patron, wanted.site, wanted.barcode)
            patron.search_text = search_text(account, patron.district_id, [card.value])
            patron.sort_name = sort_name(account)
            told = _told(patron, wanted, card.value)
            write_office(actor, patron, wanted.office, {}, told)
            patron.save(update_fields=["search_text", "sort_name", "resource_sharing_library"])
            record_change(actor, SUBJECT, patron.pk, {}, told)
            for role in wanted.roles:
                _give(actor, patron, role)
            _tell(patron, wanted)
    except IntegrityError as clash:
        raise _taken(personal, management) from clash
    return Made(patron, existing is None)


def _give(actor: Actor, patron: Patron, role: WantedRole) -> None:
    """Give a staff role; what is wrong with it is said as wrong with the role."""
    try:
        grant_staff_role(actor, patron.pk, role.level, role.sites, role.ends_on)
    except InputError as error:
        raise InputError(f"role_{error.field}", str(error)) from None
    except (NotAllowedError, NotFoundError) as error:
        at = error.permission if isinstance(error, NotAllowedError) else ROLES
        raise RoleNotAllowedError(at, str(error)) from None


def _check_site(site: Site) -> None:
    if site.kind == Site.Kind.MEDIA:
        raise InputError(
            "site",
            _("%s is a media site. Patrons are not associated with media sites.") % site.name,
        )


def _not_over(expires: date | None, today: date) -> date | None:
    """Return the expiry date; one that is past is a slip of the hand here."""
    if expires is not None and expires < today:
        raise InputError(
            "expires_on",
            _("%s is over already. Give a day from today on, or leave it empty.")
            % expires.isoformat(),
        )
    return expires


def _new_account(personal: dict[str, Any], password: str | None) -> Account:
    account = Account(**personal)
    if password is None:
        account.set_unusable_password()
    else:
        account.set_password(password)
        account.must_change_password = True
    account.save()
    return account


def _existing_account(actor: Actor, personal: dict[str, Any], wanted: Registered) -> Account | None:
    """Return the account that the person has, if they agreed; None where they have none."""
    name, address = personal.get("username", ""), personal.get("email", "")
    found = None
    if name or address:
        found = account_elsewhere(actor, name, address, has_agreed=wanted.has_agreed)
    if found is None:
        # Of an account that exists neither is asked for.
        username(name)
        clean(personal.get("last_name", ""), "last_name", empty=False)
    elif not wanted.has_agreed:
        raise AccountExistsError(initials(found))
    return found


def _tell(patron: Patron, wanted: Registered) -> None:
    """Tell the person that a library registered them, with the link if it is asked for."""
    account, organization = patron.account, patron.organization
    by_link = wanted.send_link and not account.has_usable_password()
    tell_patron(
        patron,
        Kind.REGISTERED,
        lambda with_link: texts.registered(account, organization, wanted.site, with_link=with_link),
        with_link=by_link,
    )
    if by_link and patron.channel == Patron.Channel.MAIL:
        # A link is nothing for a letter that others print.
        tell_account(
            account,
            Kind.SET_PASSWORD,
            lambda: texts.set_password(account, organization),
            patron=patron,
        )


def _told(patron: Patron, wanted: Registered, barcode: str) -> dict[str, Any]:
    contact = {n: getattr(patron, n) for n in ("additional_email", "wants_mail")}
    return {
        "registered": patron.registered_on.isoformat() if patron.registered_on else None,
        "site": wanted.site.short_name,
        "patron_type": wanted.patron_type.name,
        "access_level": wanted.access_level.name,
        "barcode": barcode,
        **{name: value for name, value in contact.items() if value},
    }


def _taken(personal: dict[str, Any], management: dict[str, Any]) -> InputError:
    """Say which unique value somebody else has: the database refused, the loser asks which."""
    district_id = management["district_id"]
    if district_id and Patron.objects.filter(district_id=district_id).exists():
        return InputError(
            "district_id",
            _("District ID %s is another patron's in this organization.") % district_id,
        )
    return InputError(
        "username",
        _("Somebody registered the username %s or its e-mail address just now. Look again.")
        % personal.get("username", ""),
    )
