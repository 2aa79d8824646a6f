"""Make a source, change it, delete one that owns nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.feeds import setup_file
from openpatron.feeds.fitting import require_fitting
from openpatron.feeds.models import SourceSetup
from openpatron.feeds.permissions import MANAGE as PERMISSION
from openpatron.feeds.queries import SOURCE, source as find_source
from openpatron.feeds.setup import Setup
from openpatron.kernel.errors import InputError, StateError
from openpatron.kernel.sealed import seal
from openpatron.ledger.record import record_change
from openpatron.patrons.models import Source, SourceRecord

LONGEST_SECRET = 20_000


@dataclass(frozen=True, slots=True)
class WantedSource:
    """How a source is to be. ``secret``: password or private key of its place; None keeps it."""

    code: str
    name: str
    setup: Setup
    is_active: bool = True
    secret: str | None = field(default=None, repr=False)


@transaction.atomic
def create_source(actor: Actor, wanted: WantedSource) -> Source:
    """Make a source."""
    actor.require(PERMISSION)
    found = Source(organization=actor.organization)
    return _write(actor, found, SourceSetup(organization=actor.organization), wanted, {})


@transaction.atomic
def edit_source(actor: Actor, code: str, wanted: WantedSource) -> Source:
    """Change a source; it holds from its next feed on, what is locked at once."""
    actor.require(PERMISSION)
    Source.objects.select_for_update().filter(pk=find_source(actor, code).pk).first()
    found = find_source(actor, code)
    setup = SourceSetup.objects.filter(source=found).first()
    if setup is None:
        setup = SourceSetup(organization=actor.organization, source=found)
    return _write(actor, found, setup, wanted, _told(found, setup))


@transaction.atomic
def delete_source(actor: Actor, code: str) -> Source:
    """Delete a source that owns nobody; otherwise ``StateError`` says how many patrons it owns."""
    actor.require(PERMISSION)
    found = find_source(actor, code)
    owned = SourceRecord.objects.filter(source=found).count()
    if owned:
        raise StateError(
            _(
                "%(name)s owns %(n)d patrons, so it is not deleted. Make them internal first, or "
                "stop the source instead."
            )
            % {"name": found.name, "n": owned}
        )
    setup = SourceSetup.objects.filter(source=found).first() or SourceSetup()
    told = _told(found, setup)
    record_change(actor, SOURCE, found.pk, told, dict.fromkeys(told))
    try:
        Source.objects.filter(pk=found.pk).delete()
    except ProtectedError as error:
        raise StateError(
            _("%s owns patrons since just now. Reload the page.") % found.name
        ) from error
    return found


def _write(
    actor: Actor, found: Source, row: SourceSetup, wanted: WantedSource, before: dict[str, Any]
) -> Source:
    found.identity_provider = require_fitting(actor, wanted.setup)
    found.code, found.name = setup_file.code(wanted.code), setup_file.name(wanted.name)
    found.owned, found.is_active = list(wanted.setup.owned), wanted.is_active
    row.document = setup_file.as_dict(wanted.setup)
    # Whoever gives it back must have given it the same: only what differs is told.
    after = _told(found, row) | _write_secret(row, wanted)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if before and not names:
        return found
    try:
        with transaction.atomic():
            found.save()
            row.source = found
            row.save()
    except IntegrityError as clash:
        raise InputError(
            "code",
            _("code: there is a source “%s” here already. Choose another code.") % found.code,
        ) from clash
    was = {name: before[name] for name in names if name in before}
    record_change(actor, SOURCE, found.pk, was, {name: after.get(name) for name in names})
    return found


def _write_secret(row: SourceSetup, wanted: WantedSource) -> dict[str, Any]:
    """Seal a new secret; the ledger learns that there is a new one, and nothing of it."""
    if wanted.secret is None:
        return {}
    if len(wanted.secret) > LONGEST_SECRET or "\x00" in wanted.secret:
        raise InputError(
            "secret",
            _("secret: at most %d characters are allowed.") % LONGEST_SECRET,
        )
    row.sealed_secret = seal(wanted.secret)
    return {"secret": _("a new one") if wanted.secret else ""}


def _told(found: Source, row: SourceSetup) -> dict[str, Any]:
    return {
        "name": found.name,
        "code": found.code,
        "is_active": found.is_active,
        "secret": "*" if row.sealed_secret else "",
        **_flat(row.document),
    }


def _flat(document: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return a nested document as one level: ``fields.birth_date.dates``, lists as text."""
    found: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{above}{key}.")
        elif isinstance(value, list):
            found[f"{above}{key}"] = ", ".join(map(_one, value))
        else:
            found[f"{above}{key}"] = value
    return found


def _one(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(str(part) for part in value.values() if part)
    return str(value)
