"""Writes the package beside its place and then puts it there: nobody reads half of one."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext as _

from openpatron.rostering.models import Target
from openpatron.rostering.packages import write_package
from openpatron.rostering.targets.base import ReconfigureError

NAME = "oneroster.zip"


def deliver(target: Target) -> None:
    """Write ``oneroster.zip`` into the folder. Raises one of the errors of ``base``."""
    folder = Path(target.address)
    if not folder.is_absolute() or not folder.is_dir():
        raise ReconfigureError(_("The folder does not exist. Make it, or name another."))
    sites = list(target.sites.order_by("name", "pk"))
    try:
        write_package(target.organization, sites, target.version, folder / NAME, target.scopes)
    except OSError as error:
        raise ReconfigureError(
            _("The folder cannot be written (%s). Change its rights, or name another.")
            % (error.strerror or type(error).__name__)
        ) from error
