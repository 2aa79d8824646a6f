"""Owned fields on pages: whose they are in words, and how a locked one is shown in a form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.utils import flatatt
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from openpatron.access.registry import permission
from openpatron.accounts.queries import names_of
from openpatron.patrons.external import (
    OF_ACCOUNT,
    OF_RECORD,
    OF_TIE,
    OPEN,
    SITE,
    External,
    Lock,
    external_of,
    may_open,
    owners_of,
    split_name,
)
from openpatron.patrons.granting import who_may_grant
from openpatron.patrons.personal_data import told

from .patron_history import words
from .templatetags.web import field_title, phone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.utils.safestring import SafeString

    from openpatron.access.actor import Actor
    from openpatron.accounts.models import Account
    from openpatron.organizations.models import Site
    from openpatron.patrons.models import Patron


@dataclass(frozen=True, slots=True)
class Held:
    """An owned field: its owner's name, and all there is to say; ``is_open``: it may be written."""

    owner: str
    sentence: str
    is_protected: bool = False
    is_open: bool = False

    def __str__(self) -> str:
        """Return what is said on hover and focus."""
        return self.sentence


class LockedInput(forms.Widget):
    """A value to be read: it takes the focus, and is not sent."""

    def __init__(self, shown: str) -> None:
        super().__init__()
        self._shown = shown

    def render(
        self,
        name: str,  # noqa: ARG002  it is not sent
        value: Any,  # noqa: ARG002  in words instead
        attrs: dict[str, Any] | None = None,
        renderer: Any = None,  # noqa: ARG002  no template
    ) -> SafeString:
        """Draw it as a field that cannot be written."""
        kept = {n: v for n, v in (attrs or {}).items() if n in {"id", "aria-describedby"}}
        described = {n: self.attrs[n] for n in ("aria-describedby",) if n in self.attrs}
        return format_html(
            '<input type="text" readonly class="form-control op-owned" autocomplete="off" '
            'value="{}"{}>',
            self._shown,
            flatatt(kept | described),
        )


def lock_field(field: forms.Field, shown: str, described: str) -> None:
    """Have a form's field only be read."""
    field.disabled = True
    field.widget = LockedInput(shown)
    field.widget.attrs["aria-describedby"] = described


def value_words(name: str, value: str | None) -> str:
    """Return a value as people say it, "–" for none."""
    if not value:
        return "–"
    name, _place = split_name(name)
    if name.endswith("_phone"):
        return phone(value)
    try:
        return words(told(name) if name in OF_ACCOUNT else name, value)
    except ValueError:
        # What a source sent need not be what we would store.
        return value


def title_of(name: str) -> str:
    """Return the words for the name of a field."""
    field, place = split_name(name)
    title = str(field_title(told(field) if field in OF_ACCOUNT else field))
    return _("%(field)s at %(site)s") % {"field": title, "site": place} if place else title


def held_fields(patron: Patron, external: External, *, is_open: bool = False) -> dict[str, Held]:
    """Return the owned fields by name, those of an association as "patron_type_17"; one query."""
    found: dict[str, Lock] = {}
    for name in (*OF_ACCOUNT, *OF_RECORD):
        if lock := external.lock(name):
            found[name] = lock
    for tie in patron.associations.all():
        for name in (*OF_TIE, "barcode", SITE):
            if lock := external.lock(name, tie):
                found[f"{name}_{tie.pk}"] = lock
    names = names_of_protectors(external)
    return {name: held(lock, names, is_open=is_open) for name, lock in found.items()}


def names_of_protectors(external: External) -> Mapping[int, str]:
    """Return the names of those who protected the fields, by account."""
    protections = external.protections.values()
    return names_of({one.protected_by for one in protections if one.protected_by is not None})


def held(lock: Lock, names: Mapping[int, str], *, is_open: bool = False) -> Held:
    """Return a lock in words."""
    if lock.is_elsewhere:
        owner = _("another organization's source")
        return Held(owner, _("Owned by another organization's source."))
    said = [_("Owned by “%s”.") % lock.owner]
    if lock.received is None or lock.received_at is None:
        said.append(_("Nothing was received for it yet."))
    else:
        said.append(
            _("Last received on %(day)s: %(value)s.")
            % {"value": value_words(lock.field, lock.received), "day": moment(lock.received_at)}
        )
    one = lock.protection
    if one is not None:
        by = _("the operator") if one.protected_by is None else names.get(one.protected_by)
        said.append(
            _("Protected by %(who)s since %(day)s: this value is ours, feeds leave it.")
            % {"who": by or _("somebody who has left"), "day": moment(one.protected_at)}
        )
        if one.until:
            said.append(_("Until %s.") % date_format(one.until))
        if one.ends_when_equal:
            said.append(_("It ends when the source sends the very value."))
    return Held(lock.owner, " ".join(said), one is not None, is_open)


def moment(at: Any) -> str:
    """Return a moment in words, in the organization's time zone."""
    return date_format(localtime(at), "SHORT_DATETIME_FORMAT")


def held_of_person(account: Account) -> dict[str, Held]:
    """Return the fields that sources keep of somebody's own personal data, by the form's names."""
    return {
        told(name): Held(
            owner.source,
            _("“%(source)s” of %(organization)s keeps this. Ask there, if it is wrong.")
            % {"source": owner.source, "organization": owner.organization.name},
        )
        for owner in owners_of(account)
        for name in owner.fields
    }


def banner(actor: Actor, patron: Patron, external: External | None = None) -> dict[str, Any]:
    """Return what a patron's pages say of an external record; {} of an internal one."""
    external = external or external_of(patron)
    record = external.record
    if record is None:
        return {"is_elsewhere": bool(external.elsewhere)} if external.elsewhere else {}
    opens = may_open(actor, patron)
    return {
        "source": record.source.name,
        "key": record.key,
        "received_at": record.received_at if record.values else None,
        "missing_since": record.missing_since,
        "owned": _list(title_of(name) for name in external.owned),
        "protections": len(external.protections),
        "may_open": opens,
        "refusal": "" if opens else missing_right(actor, OPEN, patron),
    }


def missing_right(actor: Actor, right: str, patron: Patron) -> str:
    """Say which right is missing, at the patron's first site, and who may grant it there."""
    ties = list(patron.associations.all())
    if not ties:
        label = permission(right).label
        return _("You need the right “%s”. The operator can grant it.") % label
    return missing_right_at(actor, right, ties[0].site)


def missing_right_at(actor: Actor, right: str, site: Site) -> str:
    """Say which right is missing at a site, and who may grant it there."""
    label = permission(right).label
    names = who_may_grant(actor, right, site)
    said = _("You need the right “%(right)s” at %(site)s.") % {"right": label, "site": site.name}
    if not names:
        return said + " " + _("Nobody here may grant it; the operator can.")
    return said + " " + _("It can be granted by %s.") % ", ".join(names)


def _list(parts: Iterable[str]) -> str:
    return ", ".join(parts)
