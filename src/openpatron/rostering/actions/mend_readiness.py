"""Mend all who fail one condition of a site's readiness, by the job that can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError, NotFoundError
from openpatron.patrons.actions.update_patrons import ask, plan_update
from openpatron.patrons.whom import PERMISSION, by_number
from openpatron.rostering.actions.give_barcodes import give_barcodes
from openpatron.rostering.actions.join_homerooms import join_homerooms
from openpatron.rostering.actions.send_password_links import send_password_links
from openpatron.rostering.mending import BARCODES, FIELD, JOIN, LINKS, MENDS, failing
from openpatron.rostering.permissions import MANAGE

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.ledger.models import Job
    from openpatron.organizations.models import Site

_JOBS = {BARCODES: give_barcodes, LINKS: send_password_links, JOIN: join_homerooms}


def mend_readiness(
    actor: Actor, site: Site, code: str, *, new: str = "", request_key: str | None = None
) -> Job:
    """Make the job whose plan is the preview. The same ``request_key`` gives the same job.

    ``code``: the condition's; ``new``: what they get, by its name, where there is a choice. Raises
    ``NotAllowedError``, ``NotFoundError`` for a condition that no job mends, or ``InputError``
    naming the word.
    """
    require_mend(actor, site)
    mend = MENDS.get(code)
    if mend is None:
        raise NotFoundError(_("No job mends the condition “%s”.") % code[:60])
    people = failing(site, code)
    if not people:
        raise InputError("new", _("There is nobody here whom this job could mend."))
    called = str(mend.who)
    whom = by_number(actor, site, people, called)
    if mend.way == FIELD:
        asked = ask(actor, field=mend.field, new=new, whom=whom)
        return plan_update(actor, asked, request_key)
    return _JOBS[mend.way](actor, whom, request_key)


def require_mend(actor: Actor, site: Site) -> None:
    """Raise ``NotAllowedError`` unless the actor may: homerooms here, and changes of many."""
    actor.require(MANAGE, site)
    actor.require(PERMISSION)
