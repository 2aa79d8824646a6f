"""What holds in the reading community, as pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from openpatron.kernel.errors import StateError

if TYPE_CHECKING:
    from .models import School


def require_managed_here(school: School) -> None:
    """Raise ``StateError`` where groups follow the homerooms of the library system."""
    if not school.managed_here:
        raise StateError(
            _("The groups of %s follow the homerooms of the library system. Move students there, "
              "or have the supervisor set that groups are managed here.")
            % school.name
        )  # fmt: skip
