"""The ⋯ menu of a patron in a list: what may be done with the record, each a page of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from openpatron.circulation.permissions import SERVE
from openpatron.patrons.actions.edit_patron import may_edit
from openpatron.patrons.external import may_open
from openpatron.patrons.protections import external_among
from openpatron.patrons.serving import may_serve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openpatron.patrons.models import Patron

    from .gate import OrganizationRequest


class MenuItem(NamedTuple):
    """One thing to do: its sign, its words, its page."""

    icon: str
    words: str
    address: str


def menus(request: OrganizationRequest, patrons: Iterable[Patron]) -> dict[int, list[MenuItem]]:
    """Return the menus of patrons with their associations fetched along, by id; one query."""
    shown = list(patrons)
    external = external_among(request.actor, [one.pk for one in shown])
    return {one.pk: _menu(request, one, is_external=one.pk in external) for one in shown}


def _menu(request: OrganizationRequest, patron: Patron, *, is_external: bool) -> list[MenuItem]:
    actor, here = request.actor, [request.organization.slug, patron.pk]
    items = [MenuItem("user", _("Open the record"), reverse("patron", args=here))]
    for tie in patron.associations.all():
        if actor.may(SERVE, tie.site):
            words = _("Patron Services at %s") % tie.site.name
            place = [here[0], tie.site.short_name, patron.pk]
            items.append(MenuItem("scan", words, reverse("desk_patron", args=place)))
            break
    if may_edit(actor, patron):
        back = {"next": request.get_full_path()}
        edit = reverse("edit_patron", args=here)
        items.append(MenuItem("pencil", _("Edit"), f"{edit}?{urlencode(back)}"))
        if is_external and may_open(actor, patron):
            items.append(
                MenuItem(
                    "lock-open", _("Open for update"), f"{edit}?{urlencode(back | {'open': 'yes'})}"
                )
            )
    if is_external:
        address = f"{reverse('protections', args=here[:1])}?patron={patron.pk}"
        items.append(MenuItem("lock", _("Protections"), address))
    if may_serve(actor, patron):
        items.append(MenuItem("plus", _("Write a note"), reverse("note_patron", args=here)))
    if any(actor.may("notifications.view", tie.site) for tie in patron.associations.all()):
        items.append(MenuItem("mail", _("Messages"), reverse("patron_messages", args=here)))
    return items
