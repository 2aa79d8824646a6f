"""The one door to a tenant's data. Outside of it, every query of a tenant's table raises."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.utils import timezone, translation
from django_scopes import scope

from openpatron.kernel.errors import NotFoundError
from openpatron.kernel.text import storable

from .models import Organization

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def open_organization(organization: Organization) -> Iterator[Organization]:
    """Open the organization for a request, a command, a job: data, time zone and language."""
    with (
        scope(organization=organization),
        timezone.override(organization.time_zone),
        translation.override(translation.get_language() or organization.locale),
    ):
        yield organization


def find_organization(slug: str) -> Organization:
    """Return the organization of that short name, or raise ``NotFoundError``."""
    found = Organization.objects.filter(slug=slug).first() if storable(slug) else None
    if found is None:
        raise NotFoundError(translation.gettext("There is no organization “%s” here.") % slug)
    return found
