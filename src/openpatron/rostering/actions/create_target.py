"""Make, change and delete targets, and give their clients new secrets."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from allauth.idp.oidc.models import Client, Token
from django.db import transaction
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, StateError
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Site
from openpatron.rostering.models import PlatformSetup, Target
from openpatron.rostering.permissions import MANAGE_TARGETS as PERMISSION
from openpatron.rostering.queries import TARGET, target as find_target
from openpatron.rostering.scopes import DEFAULT, SCOPES
from openpatron.rostering.setups import new_setup
from openpatron.rostering.targets import kind_of

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class WantedTarget:
    """A target as it is to be.

    ``address``: a folder, where messages go, or ``sftp://USER@HOST:PORT/FOLDER``. ``host_key`` and
    ``secret``, a password or private key: of a server of SFTP; None leaves the secret as it is.
    """

    name: str
    kind: str
    sites: Iterable[Site]
    address: str = ""
    scopes: Iterable[str] = DEFAULT
    is_active: bool = True
    # Whole addresses to which its people come back who sign in here.
    redirects: Iterable[str] = ()
    host_key: str = ""
    secret: str | None = None
    # Of a package: a value of ``Target.Version``.
    version: str = Target.Version.V1P2


@transaction.atomic
def create_target(actor: Actor, wanted: WantedTarget) -> tuple[Target, str]:
    """Make the target and return it with its secret, which is shown this once and never again.

    (The secret is "" where it is the server's, and was given.)

    Raises ``NotAllowedError``, or ``InputError`` naming the field.
    """
    actor.require(PERMISSION)
    slug = actor.organization.slug
    target = Target(
        organization=actor.organization,
        kind=wanted.kind,
        # The organization is found by it, before anything of it is opened.
        client_id=f"{slug}.{get_random_string(20)}",
    )
    _write(actor, target, wanted, {})
    return target, _new_secret(target)


@transaction.atomic
def edit_target(actor: Actor, number: int, wanted: WantedTarget) -> Target:
    """Write the target, and a change that says what it was; its kind stays."""
    actor.require(PERMISSION)
    number = find_target(actor, number).pk
    target = Target.objects.select_for_update().get(pk=number)
    _write(actor, target, wanted, _told(target))
    return target


@transaction.atomic
def renew_target_secret(actor: Actor, number: int) -> tuple[Target, str]:
    """Give the target another secret and return it; the old one, and its tokens, are void."""
    actor.require(PERMISSION)
    number = find_target(actor, number).pk
    target = Target.objects.select_for_update().get(pk=number)
    if kind_of(target.kind).has_server:
        raise StateError(
            _("The secret of %s is that of its server. Type the new one on its page.") % target.name
        )
    record_change(actor, TARGET, target.pk, {}, {"secret": _("another one")})
    # (tokens of the roster are signed with the secret; those of who signed in are rows)
    Token.objects.filter(client=target.client_id).delete()
    return target, _new_secret(target)


@transaction.atomic
def delete_target(actor: Actor, number: int) -> Target:
    """Delete the target: its client is refused from now on."""
    actor.require(PERMISSION)
    target = find_target(actor, number)
    record_change(actor, TARGET, target.pk, _told(target), {})
    Client.objects.filter(pk=target.client_id).delete()
    target.delete()
    return target


def _new_secret(target: Target) -> str:
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    if not kind_of(target.kind).keep_secret(target, secret):
        return ""
    target.save(update_fields=["secret_hash", "sealed_secret"])
    _let_sign_in(target)
    return secret


def _let_sign_in(target: Target) -> None:
    """Write the client by which its people sign in here, with the same name and secret."""
    if not target.redirects or not target.secret_hash:
        Client.objects.filter(pk=target.client_id).delete()
        return
    Client.objects.update_or_create(
        pk=target.client_id,
        defaults={
            "name": target.name,
            "secret": target.secret_hash,
            "scopes": "openid\nprofile\nemail",
            "default_scopes": "openid",
            "redirect_uris": "\n".join(target.redirects),
            "skip_consent": True,
        },
    )


def _redirects(wanted: Iterable[str]) -> list[str]:
    found = []
    for text in wanted:
        value = clean(text, "redirects", limit=500)
        parts = urlsplit(value)
        fits = parts.scheme in {"https", "http"} and parts.hostname and not parts.fragment
        if value and not fits:
            raise InputError(
                "redirects",
                _("“%s” is no whole address. Write it like https://reading.example.org/back.")
                % value[:100],
            )
        if value:
            found.append(value)
    return found


def _write(actor: Actor, target: Target, wanted: WantedTarget, before: dict[str, Any]) -> None:
    target.name = clean(wanted.name, "name", limit=60, empty=False)
    if Target.objects.filter(name=target.name).exclude(pk=target.pk).exists():
        raise InputError(
            "name",
            _("There is a target “%s” already. Choose another name.") % target.name,
        )
    if target.kind not in Target.Kind.values:
        raise InputError(
            "kind",
            _("kind: there is no kind “%(found)s”. There are: %(known)s.")
            % {"found": target.kind[:40], "known": ", ".join(Target.Kind.values)},
        )
    sites = list(wanted.sites)
    if not sites:
        raise InputError("sites", _("Choose at least one site."))
    earlier = target.address
    kind = kind_of(target.kind)
    target.address = kind.address(actor, target, clean(wanted.address, "address", limit=500))
    kind.take(target, wanted, is_same=earlier == target.address)
    target.scopes = [name for name in SCOPES if name in set(wanted.scopes)]
    if not target.scopes:
        raise InputError("scopes", _("Choose what the platform may fetch."))
    if wanted.version not in Target.Version.values:
        raise InputError(
            "version",
            _("version: there is no version “%(found)s”. There are: %(known)s.")
            % {"found": wanted.version[:40], "known": ", ".join(Target.Version.values)},
        )
    target.version = wanted.version
    target.is_active = wanted.is_active
    target.redirects = _redirects(wanted.redirects)
    target.save()
    _let_sign_in(target)
    target.sites.set(sites)
    _know_by_identifier(sites)
    after = _told(target)
    changed = [name for name in after if before.get(name) != after[name]]
    if changed:
        record_change(
            actor, TARGET, target.pk,
            {name: before[name] for name in changed if name in before},
            {name: after[name] for name in changed},
        )  # fmt: skip


def _know_by_identifier(sites: list[Site]) -> None:
    """Write the setups of sites that have none: by them platforms know the sites."""
    known = set(PlatformSetup.objects.filter(site__in=sites).values_list("site", flat=True))
    for site in sites:
        if site.pk not in known:
            new_setup(site).save()


def _told(target: Target) -> dict[str, Any]:
    return {
        "name": target.name,
        "kind": target.kind,
        "sites": ", ".join(target.sites.order_by("name").values_list("name", flat=True)),
        "address": target.address,
        "host_key": target.host_key,
        "version": target.version if kind_of(target.kind).writes_package else None,
        "scopes": ", ".join(target.scopes),
        "redirects": ", ".join(target.redirects),
        "in_use": _("yes") if target.is_active else _("no"),
    }
