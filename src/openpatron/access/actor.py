"""Who acts: an account in one organization, its permissions per site, and the way in.

Every action takes the actor first and begins with ``actor.require(...)``. There is no other gate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from openpatron.kernel.errors import NotAllowedError

from .registry import known_names, permission

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from openpatron.accounts.models import Account
    from openpatron.organizations.models import Organization, Site

    from .models import AccessLevel, ResourceGroup

WEB = "web"
CLI = "cli"
JOB = "job"
# By staff of another organization, who are not named here.
AWAY = "away"
SCHEDULE = "time"

EVERYWHERE = None
"""The key of the rights that hold in the whole organization."""

EVERY_LEVEL = "*"
"""Among the levels that may be granted: all of them, those to come as well."""


@dataclass(frozen=True, slots=True)
class Actor:
    """An account (None: the operator of the command line) in one organization.

    ``rights`` maps a site's id, or ``EVERYWHERE``, to the names of the permissions held there,
    ``grants`` likewise to the names of the access levels that may be given there.
    """

    organization: Organization
    account: Account | None
    way: str
    rights: Mapping[int | None, frozenset[str]] = field(repr=False)
    grants: Mapping[int | None, frozenset[str]] = field(repr=False, default_factory=dict)

    @property
    def account_id(self) -> int | None:
        """The account's id, or None for the operator."""
        return None if self.account is None else self.account.pk

    @property
    def name(self) -> str:
        """The name to show and to record."""
        return _("operator") if self.account is None else self.account.full_name

    def may(self, name: str, site: Site | None = None) -> bool:
        """Tell whether the permission is held at the site, or in the whole organization."""
        wide = permission(name).organization_wide
        if name in self.rights.get(EVERYWHERE, frozenset()):
            return True
        return not wide and site is not None and name in self.rights.get(site.pk, frozenset())

    def may_anywhere(self, name: str) -> bool:
        """Tell whether the permission is held at any site at all."""
        return self.sites_with(name) != frozenset()

    def sites_with(self, name: str) -> frozenset[int] | None:
        """Return the ids of the sites where the permission is held; None means all of them."""
        wide = permission(name).organization_wide
        if name in self.rights.get(EVERYWHERE, frozenset()):
            return None
        if wide:
            return frozenset()
        return frozenset(s for s, names in self.rights.items() if s is not None and name in names)

    def may_give(
        self, level: AccessLevel, site: Site | None, group: ResourceGroup | None = None
    ) -> bool:
        """Tell whether the level may be given to a patron at the site (None: everywhere).

        One of the own levels must grant it, and its rights (at a resource site those of its
        ``group``) must all be held.
        """
        given = _there(self.grants, site)
        named = level.name in given or EVERY_LEVEL in given
        return named and self.may_grant((group or level).permissions, site)

    def require_give(
        self, level: AccessLevel, site: Site | None, group: ResourceGroup | None = None
    ) -> None:
        """Raise ``NotAllowedError`` unless ``may_give``."""
        self.require_grant((group or level).permissions, site)
        if not self.may_give(level, site, group):
            raise NotAllowedError(
                level.name,
                _("Your access levels do not let you give the level “%(level)s” %(where)s.")
                % {"level": level.name, "where": _where(site)},
            )

    def may_grant(self, names: Iterable[str], site: Site | None) -> bool:
        """Tell whether all these permissions are held at the site: nobody grants more than that."""
        return _there(self.rights, site).issuperset(names)

    def require_grant(self, names: Iterable[str], site: Site | None) -> None:
        """Raise ``NotAllowedError`` unless all these permissions may be granted at the site.

        A level may hold a name from before or after this version of the program: nobody grants it.
        """
        known = known_names()
        for name in names:
            if name not in known:
                raise NotAllowedError(
                    name,
                    _("This would grant the right “%s”, which this program does not know.") % name,
                )
            if not self.may_grant([name], site):
                raise NotAllowedError(
                    name,
                    _("This would grant the right “%(right)s”, which you do not hold %(where)s.")
                    % {"right": permission(name).label, "where": _where(site)},
                )

    def require(self, name: str, site: Site | None = None) -> None:
        """Raise ``NotAllowedError`` unless the permission is held."""
        if not self.may(name, site):
            # Who holds it elsewhere is told where it is missing.
            raise _refusal(name, site if self.may_anywhere(name) else None)

    def require_anywhere(self, name: str) -> None:
        """Raise ``NotAllowedError`` unless the permission is held at some site."""
        if not self.may_anywhere(name):
            raise _refusal(name)


def _there(held: Mapping[int | None, frozenset[str]], site: Site | None) -> frozenset[str]:
    everywhere = held.get(EVERYWHERE, frozenset())
    return everywhere if site is None else everywhere | held.get(site.pk, frozenset())


def _where(site: Site | None) -> str:
    return _("in the whole organization") if site is None else _("at %s") % site.name


def _refusal(name: str, site: Site | None = None) -> NotAllowedError:
    words = {"right": permission(name).label}
    if site is not None:
        return NotAllowedError(
            name,
            _("This needs the right “%(right)s” at %(site)s, which you do not hold.")
            % (words | {"site": site.name}),
        )
    return NotAllowedError(
        name,
        _("This needs the right “%(right)s”, which you do not hold. Ask your administrator.")
        % words,
    )


def operator(organization: Organization, way: str = CLI) -> Actor:
    """Return the actor for who runs the command line on the server: all rights, no account."""
    everything = known_names()
    every = frozenset({EVERY_LEVEL})
    return Actor(organization, None, way, {EVERYWHERE: everything}, {EVERYWHERE: every})
