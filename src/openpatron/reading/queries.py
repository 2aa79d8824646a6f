"""Every read of the reading community; what is read for somebody takes the actor first."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import NotAllowedError

from .models import Pull
from .permissions import MANAGE
from .seats import supervised


def history(actor: Actor) -> QuerySet[Pull]:
    """Return the pulls, the newest first; for supervisors and who connects the community."""
    if not actor.may(MANAGE) and not supervised(actor):
        raise NotAllowedError(MANAGE, _("The sync history is for the supervisor of a school."))
    return Pull.objects.order_by("-pk")
