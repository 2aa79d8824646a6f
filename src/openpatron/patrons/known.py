"""What is known about a person: everything stored, over all organizations, for the person.

Other people's names are left out (who of the staff did something is not the person's data), and
so are the notes that staff write for themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from openpatron.access.actor import AWAY, WEB, Actor
from openpatron.accounts.lookup import looked_up_by
from openpatron.accounts.models import Account, Identity
from openpatron.accounts.queries import organizations_of
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Change, Job
from openpatron.notifications.models import Message
from openpatron.notifications.queries import own_messages
from openpatron.notifications.texts import with_text
from openpatron.organizations.models import Organization, Site
from openpatron.organizations.scope import open_organization

from .models import (
    SUBJECT,
    Association,
    Barcode,
    Block,
    Homeroom,
    LocalCode,
    Note,
    Patron,
    Protection,
    SavedList,
    SourceRecord,
    StaffRole,
)
from .personal_data import CONTACT, PERSONAL, told
from .queries import own_patron

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Of the account, beside personal data. Of the password only a hash is kept, which says nothing.
ACCOUNT = (
    "is_active", "must_change_password", "created_at", "last_login", "erasure_wished_at",
    "erase_on",
)  # fmt: skip
RECORD = (
    "status", "district_id", "grade_level", "graduation_year", "registered_on", "expires_on",
)  # fmt: skip
MESSAGE = ("created_at", "sent_at", "state", "way", "to", "subject", "body", "language")
PROTECTION = ("field", "protected_at", "until", "ends_when_equal")
YOURSELF, STAFF, ELSEWHERE, OPERATOR = "yourself", "staff", "staff elsewhere", "operator"


@dataclass(frozen=True, slots=True)
class KnownChange:
    """One entry of the ledger about the person, without what staff noted for themselves."""

    change: Change
    by: str
    job: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KnownRow:
    """One thing that a package above stores: for a program, and for people (what, value)."""

    data: Mapping[str, Any]
    what: str
    value: str


@dataclass(frozen=True, slots=True)
class KnownPart:
    """What a package above stores of a patron: its name in the file, its title on the page."""

    name: str
    title: StrOrPromise
    read: Callable[[Patron], list[KnownRow]]


_parts: list[KnownPart] = []


def register_known(part: KnownPart) -> None:
    """Have what a package above stores of a patron told to the person."""
    _parts.append(part)


@dataclass(frozen=True, slots=True)
class KnownLibrary:
    """All that one organization stores about the person, read to the end."""

    organization: Organization
    patron: Patron
    ties: list[Association]
    cards: list[Barcode]
    blocks: list[Block]
    notes: list[Note]
    codes: list[LocalCode]
    roles: list[StaffRole]
    source_record: SourceRecord | None
    protections: list[Protection]
    rooms: list[Homeroom]
    jobs: list[tuple[Job, str]]
    lists: list[SavedList]
    lookups: int
    identities: list[Identity]
    # By short name, for what the ledger says.
    site_names: Mapping[str, str]
    changes: list[KnownChange]
    further: list[tuple[KnownPart, list[KnownRow]]]


def known_libraries(account: Account) -> list[KnownLibrary]:
    """Return what each organization stores about the person, each read with that one opened."""
    found = []
    for organization in organizations_of(account):
        with open_organization(organization):
            patron = own_patron(Actor(organization, account, WEB, {}))
            if patron is not None:
                found.append(_known_here(organization, patron))
    return found


def _known_here(organization: Organization, patron: Patron) -> KnownLibrary:
    account = patron.account
    roles = StaffRole.objects.filter(patron=patron).select_related("access_level")
    jobs = Job.objects.filter(created_by=account).order_by("pk")
    changes = Change.objects.filter(subject_kind=SUBJECT, subject_id=patron.pk)
    # The one row that is pointed to: read while its organization is open.
    patron.resource_sharing_library  # noqa: B018
    return KnownLibrary(
        organization=organization,
        patron=patron,
        ties=list(patron.associations.all()),
        cards=list(patron.barcodes.all()),
        blocks=list(Block.objects.filter(patron=patron).order_by("pk")),
        notes=list(Note.objects.filter(patron=patron, is_public=True).order_by("pk")),
        codes=list(LocalCode.objects.filter(patron=patron).order_by("value")),
        roles=list(roles.prefetch_related("sites").order_by("pk")),
        source_record=SourceRecord.objects.select_related("source").filter(patron=patron).first(),
        protections=list(Protection.objects.filter(patron=patron).order_by("field")),
        rooms=list(Homeroom.objects.filter(supervisor=patron).select_related("site")),
        jobs=[(job, kind_of(job).title(job)) for job in jobs],
        lists=list(SavedList.objects.filter(saved_by=account.pk).order_by("name")),
        identities=list(
            Identity.objects.filter(account=account).select_related("provider").order_by("pk")
        ),
        lookups=looked_up_by(account),
        site_names=dict(Site.objects.values_list("short_name", "name")),
        changes=[
            _known_change(change, account)
            for change in changes.select_related("job").order_by("at", "pk")
        ],
        further=[(part, part.read(patron)) for part in _parts],
    )


def _known_change(change: Change, account: Account) -> KnownChange:
    job = change.job
    who = change.actor if job is None else job.confirmed_by_id or job.created_by_id
    if change.way == AWAY:
        by = ELSEWHERE
    elif who is None:
        by = OPERATOR
    else:
        by = YOURSELF if who == account.pk else STAFF
    return KnownChange(
        change=change,
        by=by,
        job="" if job is None else kind_of(job).title(job),
        before=_without_notes(change.before),
        after=_without_notes(change.after),
    )


def _without_notes(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if "note" not in name}


def as_data(account: Account, libraries: list[KnownLibrary]) -> dict[str, Any]:
    """Return it for a program: texts, numbers, lists and dictionaries of them."""
    personal = {told(name): _plain(getattr(account, name)) for name in PERSONAL}
    return {
        "made_at": _plain(timezone.now()),
        "account": personal
        | {name: _plain(getattr(account, name)) for name in ACCOUNT}
        | {"has_password": account.has_usable_password()},
        "messages": [_message(with_text(one)) for one in own_messages(account)],
        "libraries": [_library(one) for one in libraries],
    }


def _message(one: Message) -> dict[str, Any]:
    return {
        "organization": one.organization and one.organization.name,
        **{name: _plain(getattr(one, name)) for name in MESSAGE},
    }


def _library(one: KnownLibrary) -> dict[str, Any]:
    patron = one.patron
    sharing = patron.resource_sharing_library
    return {
        "organization": one.organization.name,
        "patron_id": patron.pk,
        **{name: _plain(getattr(patron, name)) for name in (*RECORD, *CONTACT)},
        "channel": str(patron.channel),
        "resource_sharing_library": None if sharing is None else sharing.name,
        "search_text": patron.search_text,
        "sort_name": patron.sort_name,
        "associations": [_association(tie) for tie in one.ties],
        "barcodes": [
            {"value": c.value, "state": c.state, "site": c.site and c.site.name} for c in one.cards
        ],
        "blocks": [
            {"stops": [str(deed) for deed in block.stops]}
            | {n: _plain(getattr(block, n)) for n in ("reason", "until", "set_at", "lifted_at")}
            for block in one.blocks
        ],
        "notes": [{"text": n.text, "written_at": _plain(n.written_at)} for n in one.notes],
        "local_codes": [code.value for code in one.codes],
        "staff_roles": [_role(role) for role in one.roles],
        "source_record": _source_record(one.source_record),
        "protections": [
            {n: _plain(getattr(kept, n)) for n in PROTECTION} for kept in one.protections
        ],
        "supervised_homerooms": [{"name": r.name, "site": r.site.name} for r in one.rooms],
        "jobs_asked_for": [
            {"number": job.pk, "title": title, "at": _plain(job.created_at)}
            for job, title in one.jobs
        ],
        "saved_lists": [{"name": saved.name, "filters": saved.filters} for saved in one.lists],
        "accounts_looked_up": one.lookups,
        **{part.name: [dict(row.data) for row in rows] for part, rows in one.further},
        "identities": [
            {
                "provider": identity.provider.name,
                "subject": identity.subject,
                "connected_at": _plain(identity.connected_at),
            }
            for identity in one.identities
        ],
        "changes": [_change(entry) for entry in one.changes],
    }


def _source_record(record: SourceRecord | None) -> dict[str, Any] | None:
    if record is None:
        return None
    return {
        "source": record.source.name,
        "key": record.key,
        "values": record.values,
        "received_at": _plain(record.received_at),
        "missing_since": _plain(record.missing_since),
        "further": record.further,
    }


def _association(tie: Association) -> dict[str, Any]:
    return {
        "site": tie.site.name,
        "patron_type": tie.patron_type.name,
        "access_level": tie.access_level.name,
        "resource_group": tie.resource_group and tie.resource_group.name,
        "homeroom": tie.homeroom and tie.homeroom.name,
        "is_primary": tie.is_primary,
    }


def _role(role: StaffRole) -> dict[str, Any]:
    return {
        "access_level": role.access_level.name,
        "sites": [site.name for site in role.sites.all()],
        "is_organization_wide": role.is_organization_wide,
        "ends_on": _plain(role.ends_on),
    }


def _change(entry: KnownChange) -> dict[str, Any]:
    return {
        "at": _plain(entry.change.at),
        "by": entry.by,
        "way": entry.change.way,
        "job": entry.job or None,
        "outcome": entry.change.outcome,
        "before": dict(entry.before),
        "after": dict(entry.after),
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (date, datetime)) else value
