"""The people of the demo who can sign in, one for each role, and who belongs to both organizations.

They are few, so they are written one by one; everybody else comes by ``load``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext_lazy as _

from openpatron.access.models import AccessLevel
from openpatron.access.starting_levels import FULL_RIGHTS
from openpatron.accounts.models import Account, Registration
from openpatron.organizations.models import PatronType, Site
from openpatron.patrons.models import Association, Barcode, Homeroom, Patron, StaffRole
from openpatron.patrons.search import search_text, sort_name

from .district import CASCADIA, CREATED_AT, FACULTY, RAINIER, SCHOOL_YEAR_ENDS, STUDENT

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from .people import Maker

PASSWORD = "Cascadia-2026-demo"  # noqa: S105  documented, and no secret
"""The password of all of them: the demo does not belong where there is something to protect."""

UNUSABLE_PASSWORD = "!demo"  # noqa: S105  what Django takes for no password, made without chance


@dataclass(frozen=True, slots=True)
class SignIn:
    """One person with a password: where, as what, and what that allows.

    ``role`` is the level of a staff role, organization-wide or, with ``role_at_site``, at the
    site of the association only.
    """

    username: str
    first_name: str
    last_name: str
    slug: str
    site: str
    access_level: str
    may: StrOrPromise
    patron_type: str = FACULTY
    grade_level: str = ""
    role: str = ""
    role_at_site: bool = False


_DISTRICT_MANAGER = "District patrons manager"
_ADA, _PUPIL = "ada.admin", "pia.patron"
LIBRARIAN, TEACHER = "leo.librarian", "theo.teacher"

SIGN_INS = (
    SignIn(
        "dora.district", "Dora", "District", CASCADIA.slug, "cedar", "Teacher",
        _("manages the patrons of all of Cascadia: updates, jobs, undo"), role=_DISTRICT_MANAGER,
    ),
    SignIn(
        LIBRARIAN, "Leo", "Librarian", CASCADIA.slug, "maple", "Teacher",
        _("sees and edits the patrons of Maple Elementary"),
        role="Library administrator", role_at_site=True,
    ),
    SignIn(
        "rita.reader", "Rita", "Reader", CASCADIA.slug, "cedar", "Read-only staff",
        _("sees the patrons of Cedar Middle School"),
    ),
    SignIn(
        TEACHER, "Theo", "Teacher", CASCADIA.slug, "maple", "Teacher",
        _("sees the home page; teaches at Maple Elementary"),
    ),
    SignIn(
        _PUPIL, "Pia", "Patron", CASCADIA.slug, "maple", "Patron",
        _("may do nothing here; a student at Maple Elementary"),
        patron_type=STUDENT, grade_level="4",
    ),
    SignIn(
        _ADA, "Ada", "Admin", CASCADIA.slug, "spruce", "Teacher",
        _("may do everything, in Cascadia and in Rainier"), role=FULL_RIGHTS,
    ),
    SignIn(
        "rolf.rainier", "Rolf", "Rainier", RAINIER.slug, "fir", "Teacher",
        _("manages the patrons of Rainier, and sees nothing of Cascadia"), role=_DISTRICT_MANAGER,
    ),
)  # fmt: skip

_ELSEWHERE = (
    SignIn(_ADA, "Ada", "Admin", RAINIER.slug, "hemlock", "Teacher", "", role=FULL_RIGHTS),
)

# Where the faculty go who work in both organizations.
_SHARED_SITE = "hemlock"


def sign_ins_of(slug: str) -> list[SignIn]:
    """Return who signs in to that organization."""
    return [person for person in (*SIGN_INS, *_ELSEWHERE) if person.slug == slug]


def make_accounts() -> dict[str, Account]:
    """Write the accounts and return them by username."""
    accounts = {
        person.username: Account.objects.create(
            username=person.username,
            email=f"{person.username}@{person.slug}.example",
            first_name=person.first_name,
            last_name=person.last_name,
            password=make_password(PASSWORD, salt=_salt(person.username)),
        )
        for person in SIGN_INS
    }
    # The model took the time from the clock.
    written = Account.objects.filter(pk__in=[account.pk for account in accounts.values()])
    written.update(created_at=f"{CREATED_AT}+00:00")
    return accounts


def register_sign_ins(slug: str, maker: Maker, accounts: dict[str, Account]) -> int:
    """Write them as patrons of the opened organization; return how many."""
    people = sign_ins_of(slug)
    patrons: dict[str, Patron] = {}
    for person in people:
        patron = patrons[person.username] = _register(
            accounts[person.username], maker, person.site, person.access_level,
            patron_type=person.patron_type, grade_level=person.grade_level,
        )  # fmt: skip
        if person.role:
            _give_role(patron, person)
    if TEACHER in patrons:
        _gather_class(patrons[TEACHER], patrons[_PUPIL])
    return len(people)


def register_shared(accounts: range, maker: Maker) -> int:
    """Register faculty of Cascadia (ids of accounts) in opened Rainier too; return how many."""
    found = list(Account.objects.filter(pk__in=accounts).order_by("pk"))
    for account in found:
        _register(account, maker, _SHARED_SITE, "Teacher")
    return len(found)


def class_password() -> str:
    """Return the hash of the password with which the teacher's class signs in."""
    return make_password(PASSWORD, salt=_salt(TEACHER + "'s class"))


def _salt(username: str) -> str:
    """Return a salt that is the same at each load, as everything of the demo is."""
    return hashlib.sha256(username.encode()).hexdigest()[:32]


def _register(
    account: Account,
    maker: Maker,
    short_name: str,
    level: str,
    *,
    patron_type: str = FACULTY,
    grade_level: str = "",
) -> Patron:
    """Write the registration, the patron record, its association and its card."""
    site = Site.objects.get(short_name=short_name)
    organization = site.organization_id
    number, value = next(maker.cards[short_name])
    district_id = maker.take_district_id()
    Registration.objects.create(account=account, organization_id=organization)
    patron = Patron.objects.create(
        organization_id=organization,
        account=account,
        district_id=district_id,
        grade_level=grade_level,
        graduation_year=SCHOOL_YEAR_ENDS + 12 - int(grade_level) if grade_level else None,
        search_text=search_text(account, district_id, [value]),
        sort_name=sort_name(account),
    )
    Association.objects.create(
        organization_id=organization,
        patron=patron,
        site=site,
        patron_type=PatronType.objects.get(name=patron_type),
        access_level=AccessLevel.objects.get(name=level),
        is_primary=True,
    )
    Barcode.objects.create(
        organization_id=organization, patron=patron, site=site, value=value, number=number
    )
    return patron


def _give_role(patron: Patron, person: SignIn) -> None:
    role = StaffRole.objects.create(
        organization_id=patron.organization_id,
        patron=patron,
        access_level=AccessLevel.objects.get(name=person.role),
        is_organization_wide=not person.role_at_site,
    )
    if person.role_at_site:
        role.sites.add(Site.objects.get(short_name=person.site))


def _gather_class(teacher: Patron, pupil: Patron) -> None:
    """Put the teacher and the student among them into one homeroom."""
    ties = Association.objects.filter(patron__in=(teacher, pupil))
    room = Homeroom.objects.create(
        organization_id=teacher.organization_id,
        site=Site.objects.get(associations__patron=teacher),
        name="4-00",
        supervisor=teacher,
    )
    ties.update(homeroom=room)
