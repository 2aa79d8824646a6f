"""Finding one row by what a person typed, or saying what there is instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from .errors import InputError
from .text import storable

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

# So many names fit a sentence; a list page shows the rest.
_SHOWN = 30


def the_one[M: Model](rows: QuerySet[M], attribute: str, value: str, field: str, noun: Any) -> M:
    """Return the row whose ``attribute`` is ``value``, or raise ``InputError`` for ``field``.

    The error names what there is (``noun``: "site", "patron type"), so that nobody has to guess.
    """
    found = rows.filter(**{attribute: value}).first() if storable(value) else None
    if found is None:
        known = list(rows.order_by(attribute).values_list(attribute, flat=True)[: _SHOWN + 1])
        shown = ", ".join(known[:_SHOWN]) + (" …" if len(known) > _SHOWN else "")
        if not value:
            raise InputError(
                field,
                _("%(field)s: name the %(noun)s. There are: %(known)s.")
                % {"field": field, "noun": noun, "known": shown or "–"},
            )
        raise InputError(
            field,
            _("%(field)s: there is no %(noun)s “%(found)s”. There are: %(known)s.")
            % {"field": field, "noun": noun, "found": value[:100], "known": shown or "–"},
        )
    return found
