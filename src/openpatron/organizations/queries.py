"""Every read of organizations' own tables. All need an opened organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from openpatron.kernel.lookup import the_one

from .models import PatronType, Site

if TYPE_CHECKING:
    from django.db.models import QuerySet


def sites() -> QuerySet[Site]:
    """Return the sites by name."""
    return Site.objects.order_by("name", "id")


def patron_types() -> QuerySet[PatronType]:
    """Return the patron types by name."""
    return PatronType.objects.order_by("name", "id")


def site_by_short_name(short_name: str, field: str) -> Site:
    """Return the site of that short name, or raise ``InputError`` naming those there are."""
    return the_one(Site.objects.all(), "short_name", short_name, field, _("site"))


def patron_type_by_name(name: str, field: str) -> PatronType:
    """Return the patron type of that name, or raise ``InputError`` naming those there are."""
    return the_one(PatronType.objects.all(), "name", name, field, _("patron type"))
