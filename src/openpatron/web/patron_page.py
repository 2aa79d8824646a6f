"""The page of one patron."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from openpatron.accounts.queries import has_second_factor, names_of
from openpatron.circulation.permissions import SERVE
from openpatron.organizations.queries import sites
from openpatron.patrons import staff_roles
from openpatron.patrons.actions.block_patron import may_block
from openpatron.patrons.actions.edit_patron import PERMISSION, may_edit
from openpatron.patrons.actions.remove_patron import may_remove
from openpatron.patrons.actions.renew_patron import renewal_to_undo, renewed_until
from openpatron.patrons.actions.replace_card import may_replace
from openpatron.patrons.external import external_of
from openpatron.patrons.finding import open_blocks, standing_of
from openpatron.patrons.notes import notes_of
from openpatron.patrons.office import codes_of
from openpatron.patrons.queries import cards_in_sight, history, patron as patron_of
from openpatron.patrons.serving import may_serve
from openpatron.patrons.standing import Deed, everything

from .gate import OrganizationRequest, page
from .locked import banner, held_fields, missing_right
from .open_for_update import offers_linking
from .patron_history import events

if TYPE_CHECKING:
    from django.http import HttpResponse

    from openpatron.access.actor import Actor
    from openpatron.patrons.models import Association, Barcode, Patron, StaffRole

_EVENTS_PER_PAGE = 10


@page("patrons.view")
@require_safe
def patron(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show a patron: associations and barcodes, personal and management data, history."""
    found = patron_of(request.actor, number)
    cards = cards_in_sight(request.actor, found)
    happened = history(request.actor, found)
    changes = Paginator(happened, _EVENTS_PER_PAGE)
    shown = changes.get_page(request.GET.get("history"))
    names = dict(sites().values_list("short_name", "name"))
    roles = staff_roles.roles_of(request.actor, found)
    above = staff_roles.is_above(request.actor, found, roles)
    external, edits = external_of(found), may_edit(request.actor, found)
    context = {
        "title": found.account.full_name,
        "breadcrumbs": [(_("Patrons"), reverse("patrons", args=[request.organization.slug]))],
        "patron": found,
        "account": found.account,
        "ties": [(tie, _cards_of(tie, cards)) for tie in found.associations.all()],
        "other_cards": _without_tie(list(found.associations.all()), cards),
        **_standing(request.actor, found),
        **_served(request.actor, found, cards, above=above),
        "notes": notes_of(request.actor, found),
        "local_codes": codes_of(found),
        "renewal": renewal_to_undo(found, happened.first()),
        "may_block": may_block(request.actor, found) and not above,
        **_roles(request.actor, found, roles),
        "may_manage": not above,
        "may_edit": edits and not above,
        "may_edit_personal": (edits and not above and found.account_id != request.actor.account_id),
        "may_remove": may_remove(request.actor, found) and not above,
        "above": above,
        **_of_account(request.actor, found, above=above),
        "banner": banner(request.actor, found, external),
        "may_link": offers_linking(request.actor, found, external) and not above,
        "held": held_fields(found, external),
        "missing_right": "" if edits else missing_right(request.actor, PERMISSION, found),
        "page": shown,
        "events": events(request.actor, shown, names),
        "desk": next(
            (t.site for t in found.associations.all() if request.actor.may(SERVE, t.site)), None
        ),
    }
    return TemplateResponse(request, "web/patron_page.html", context)


def _served(actor: Actor, patron: Patron, cards: list[Barcode], *, above: bool) -> dict[str, Any]:
    """Return what may be done at the desk, and whether the record expires soon."""
    today, expires = timezone.localdate(), patron.expires_on
    warned = today + timedelta(days=actor.organization.expiry_warning_days)
    return {
        "may_serve": may_serve(actor, patron) and not above,
        "cards_served": {c.pk for c in cards if not above and may_replace(actor, patron, c)},
        "expiring": expires is not None and today <= expires <= warned,
        "renewed_until": renewed_until(today),
    }


def _standing(actor: Actor, patron: Patron) -> dict[str, Any]:
    """Return what stops the patron at the first site (the primary one), and the open blocks."""
    blocks = open_blocks(actor, patron)
    names = names_of({one.set_by for one in blocks if one.set_by is not None})
    ties = list(patron.associations.all())
    site = ties[0].site if ties else None
    stopped = []
    if site is not None:
        standing = standing_of(patron, site, blocks)
        stopped = everything(standing, may_override=actor.may("patrons.override", site))
    return {
        "site": site,
        # Blocks are listed themselves.
        "stopped": [(r, _labels(deeds)) for r, deeds in stopped if r.code != "blocked"],
        "blocks": [
            (one, _labels(one.stops), names.get(one.set_by or 0, _("the operator")))
            for one in blocks
        ],
        "may_override": any(r.overridable for r, _deeds in stopped if r.code == "blocked"),
    }


def _of_account(actor: Actor, patron: Patron, *, above: bool) -> dict[str, bool]:
    """Tell which pages about messages and the second factor may be opened from here."""
    sites = [tie.site for tie in patron.associations.all()]
    manages = any(actor.may(staff_roles.PERMISSION, site) for site in sites) and not above
    return {
        "may_see_messages": any(actor.may("notifications.view", site) for site in sites),
        "may_reset_second_factor": manages
        and patron.account_id != actor.account_id
        and has_second_factor(patron.account),
    }


def _roles(actor: Actor, patron: Patron, roles: list[StaffRole]) -> dict[str, Any]:
    """Return the staff roles and where rights come from, for who may give roles."""
    if not actor.may_anywhere(staff_roles.PERMISSION):
        return {"shows_roles": False}
    rights = staff_roles.sources_of_rights(patron, roles)
    return {
        "shows_roles": True,
        "roles": roles,
        "rights": rights,
        "no_rights_because": staff_roles.no_rights_because(patron),
        "rights_not_given": staff_roles.rights_not_given(rights),
    }


def _labels(deeds: list[Deed]) -> str:
    return ", ".join(str(deed.label) for deed in deeds)


def _cards_of(tie: Association, cards: list[Barcode]) -> list[Barcode]:
    """Return the numbers at the association's site, the current one first."""
    at_site = [card for card in cards if card.site_id == tie.site_id]
    return sorted(at_site, key=lambda card: card.state != card.State.CURRENT)


def _without_tie(ties: list[Association], cards: list[Barcode]) -> list[Barcode]:
    """Return the organization's numbers, and those of sites that the patron has left."""
    tied = {tie.site_id for tie in ties}
    return [card for card in cards if card.site_id not in tied]
