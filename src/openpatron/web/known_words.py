"""What is known about a person, in words: the same sections for the page and for paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from openpatron.notifications.queries import own_messages
from openpatron.notifications.texts import with_text
from openpatron.organizations.scope import open_organization
from openpatron.patrons.external import name_at
from openpatron.patrons.known import OPERATOR, RECORD, STAFF, YOURSELF
from openpatron.patrons.personal_data import CONTACT, PERSONAL, told
from openpatron.patrons.source_models import MISSING

from .locked import title_of, value_words
from .patron_history import by_hand, lines, words
from .personal_words import yes_or_no
from .templatetags.web import field_title, labels, phone

if TYPE_CHECKING:
    from datetime import datetime

    from openpatron.accounts.models import Account
    from openpatron.patrons.known import KnownChange, KnownLibrary
    from openpatron.patrons.models import Association, Block, Protection, StaffRole

type Rows = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of (what, value) under a heading."""

    title: str
    rows: Rows


@dataclass(frozen=True, slots=True)
class Part:
    """The account, or what one organization stores."""

    title: str
    sections: list[Section]


def parts(account: Account, libraries: list[KnownLibrary]) -> list[Part]:
    """Return the account first, then the organizations; what is empty is left out."""
    found = [_account(account)]
    for library in libraries:
        # For its time zone.
        with open_organization(library.organization):
            found.append(_library(library))
    return found


def remarks() -> list[str]:
    """Return what is stored without being listed, and why."""
    return [
        _(
            "Of your password only a hash is kept, from which nobody can read it; of questions "
            "whether somebody has an account only a keyed hash of what was asked for."
        ),
        _("A folded copy of your names and numbers is kept beside each record, for the search."),
        _("Notes that staff write for themselves, and the names of other people, are left out."),
        _(
            "Where you changed something for others as staff, their ledger holds your number as "
            "long as their records are kept."
        ),
    ]


def _account(account: Account) -> Part:
    personal = [
        (_title(told(n)), _value(told(n), getattr(account, n)))
        for n in PERSONAL
        if getattr(account, n) not in {None, ""}
    ]
    sign_in = [
        (_("May sign in"), yes_or_no(account.is_active)),
        (_("Account made"), _moment(account.created_at)),
        (_("Last sign-in"), _moment(account.last_login)),
        (_("Password"), _("kept as a hash") if account.has_usable_password() else _("none")),
        (_("Has to change the password"), yes_or_no(account.must_change_password)),
    ]
    if account.erasure_wished_at:
        sign_in.append((_("You wished to be erased"), _moment(account.erasure_wished_at)))
    if account.erase_on:
        sign_in.append((_("Is erased on"), _day(account.erase_on)))
    told_you = [
        (_moment(one.created_at), f"{one.subject} → {one.to or '–'} ({one.state_label})")
        for one in map(with_text, own_messages(account))
    ]
    lists = {
        _("Personal data"): personal,
        _("Signing in"): sign_in,
        _("Messages"): told_you,
    }
    sections = [Section(title, rows) for title, rows in lists.items() if rows]
    return Part(_("Your account"), sections)


def _library(one: KnownLibrary) -> Part:
    patron = one.patron
    record = [
        (_title(name), _value(name, getattr(patron, name)))
        for name in (*RECORD, *CONTACT)
        if getattr(patron, name) not in {None, ""}
    ]
    record += [(_title("channel"), str(patron.channel.label)), (_("Number"), str(patron.pk))]
    if patron.resource_sharing_library:
        record.append((_("Resource-sharing library"), patron.resource_sharing_library.name))
    lists = {
        _("Record"): record,
        _("Associations"): [(tie.site.name, _tie(tie)) for tie in one.ties],
        _("Barcodes"): [
            (c.value, ", ".join([str(c.state_label), *([c.site.name] if c.site else [])]))
            for c in one.cards
        ],
        _("Blocks"): [(_moment(block.set_at), _block(block)) for block in one.blocks],
        _("Notes"): [(_moment(note.written_at), note.text) for note in one.notes],
        _("Local codes"): [(_("Code"), code.value) for code in one.codes],
        _("Staff roles"): [(role.access_level.name, _role(role)) for role in one.roles],
        _("From another system"): _source(one),
        _("Protected from other systems"): [
            (title_of(kept.field), _protection(kept)) for kept in one.protections
        ],
        _("Homerooms that you supervise"): [(room.name, room.site.name) for room in one.rooms],
        _("Jobs that you asked for"): [(_moment(j.created_at), title) for j, title in one.jobs],
        _("Lists that you saved"): [(_("List"), saved.name) for saved in one.lists],
        _("Signing in elsewhere"): [
            (identity.provider.name, f"{identity.subject}; {_moment(identity.connected_at)}")
            for identity in one.identities
        ],
        _("Looking others up"): _lookups(one.lookups),
        **{str(part.title): [(row.what, row.value) for row in rows] for part, rows in one.further},
        _("Changes"): [_change(entry, one) for entry in one.changes],
    }
    sections = [Section(title, rows) for title, rows in lists.items() if rows]
    return Part(one.organization.name, sections)


def _tie(tie: Association) -> str:
    said = [tie.patron_type.name, tie.access_level.name]
    said += [one.name for one in (tie.resource_group, tie.homeroom) if one is not None]
    return ", ".join([*said, _("primary")] if tie.is_primary else said)


def _block(block: Block) -> str:
    said = [block.reason, _("stops %s") % labels(block.stops)]
    if block.until:
        said.append(_("until %s") % _day(block.until))
    if block.lifted_at:
        said.append(_("lifted %s") % _moment(block.lifted_at))
    return "; ".join(said)


def _role(role: StaffRole) -> str:
    where = [site.name for site in role.sites.all()]
    said = _("in the whole organization") if role.is_organization_wide else ", ".join(where)
    return said if role.ends_on is None else f"{said}; {_('until %s') % _day(role.ends_on)}"


def _source(one: KnownLibrary) -> Rows:
    record = one.source_record
    if record is None:
        return []
    found = [
        (_title("source"), record.source.name),
        (_title("source_key"), record.key),
        (_("Last received"), _moment(record.received_at if record.values else None)),
    ]
    if record.missing_since:
        found.append((_("Missing since"), _day(record.missing_since)))
    found += [(title_of(n), value_words(n, v)) for n, v in record.values.items()]
    for site, values in (record.further or {}).items():
        named = {name_at(n, site): v for n, v in values.items() if n != MISSING}
        found += [(title_of(n), value_words(n, v)) for n, v in named.items()]
        if since := values.get(MISSING):
            found.append((_("Missing at %s since") % site, _day(date.fromisoformat(since))))
    return found


def _protection(kept: Protection) -> str:
    said = [_("since %s") % _moment(kept.protected_at)]
    return ", ".join([*said, _("until %s") % _day(kept.until)] if kept.until else said)


def _lookups(number: int) -> Rows:
    return [(_("Accounts that you looked up"), str(number))] if number else []


def _change(entry: KnownChange, library: KnownLibrary) -> tuple[str, str]:
    by = {YOURSELF: _("you"), STAFF: _("staff"), OPERATOR: _("the operator")}
    who = by.get(entry.by, _("staff of another organization"))
    change = entry.change
    title = entry.job or by_hand(change.after)
    said = [f"{title} ({change.outcome_label}, {who})"]
    said += [
        f"{field}: {was} → {now}" if was else f"{field}: {now}"
        for field, was, now in lines(entry.before, entry.after, library.site_names)
    ]
    return _moment(change.at), "; ".join(said)


def _title(name: str) -> str:
    return _("Registered on") if name == "registered_on" else str(field_title(name))


def _value(name: str, value: Any) -> str:
    if name.endswith("_phone"):
        return phone(value)
    plain = value.isoformat() if hasattr(value, "isoformat") else value
    return words("registered" if name == "registered_on" else name, plain)


def _moment(at: datetime | None) -> str:
    return _("never") if at is None else date_format(localtime(at), "DATETIME_FORMAT")


def _day(day: date) -> str:
    return date_format(day)
