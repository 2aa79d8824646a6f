"""All students of a school, for its supervisor: the list, moving many in one step, and undo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _, gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from openpatron.kernel.errors import InputError, StateError
from openpatron.kernel.spreadsheets import csv_lines
from openpatron.reading import seats, students
from openpatron.reading.actions.move_readers import move_readers as move, undo_move as undo
from openpatron.reading.students import LONG_AGO, NEVER, ORDERS, Chosen, PlannedMove, Wanted

from .gate import OrganizationRequest, streamed
from .patron_list import Chip
from .reading import crumbs, refused
from .reading_gate import of_school, shown

if TYPE_CHECKING:
    from django.http import HttpResponse, QueryDict
    from django_stubs_ext import StrOrPromise

PER_PAGE = 50
_DIGITS = 18
_HEADS: tuple[tuple[str, StrOrPromise], ...] = (
    ("name", gettext_lazy("Student")), ("username", gettext_lazy("Username")),
    ("group", gettext_lazy("Groups")), ("signed_in", gettext_lazy("Last sign-in")),
)  # fmt: skip
_SEEN: dict[str, StrOrPromise] = {
    NEVER: gettext_lazy("never"), LONG_AGO: gettext_lazy("not in the last 30 days"),
}  # fmt: skip


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else None


@dataclass(frozen=True, slots=True)
class _Address:
    """The list's state, read from its address."""

    query: QueryDict

    @property
    def wanted(self) -> Wanted:
        sort, seen = self.query.get("sort", "name"), self.query.get("signed_in", "")
        return Wanted(
            self.query.get("q", "")[:100],
            _number(self.query.get("group", "")),
            seen if seen in _SEEN else "",
            sort if sort.removeprefix("-") in ORDERS else "name",
        )

    def with_values(self, values: dict[str, str | None]) -> str:
        """Return the address with some values changed or taken out, from the first page."""
        query = self.query.copy()
        for name in [*values, "page"]:
            query.pop(name, None)
        for name, value in values.items():
            if value is not None:
                query[name] = value
        return "?" + query.urlencode()

    def chips(self, names: dict[int, str]) -> list[Chip]:
        """Return the filters that are on."""
        wanted, found = self.wanted, []
        if wanted.text:
            found.append(Chip(_("Search"), wanted.text, self.with_values({"q": None})))
        if wanted.group is not None:
            name = names.get(wanted.group, "?") if wanted.group else _("in no group")
            found.append(Chip(_("Group"), name, self.with_values({"group": None})))
        if wanted.seen:
            label = str(_SEEN[wanted.seen])
            found.append(Chip(_("Last sign-in"), label, self.with_values({"signed_in": None})))
        return found

    def heads(self) -> list[dict[str, Any]]:
        """Return the table's heads: words, direction, and the address that sorts by them."""
        order = self.wanted.sort
        return [
            {
                "label": label,
                "sort": {name: "ascending", f"-{name}": "descending"}.get(order, ""),
                "address": self.with_values({"sort": f"-{name}" if order == name else name}),
            }
            for name, label in _HEADS
        ]

    def orders(self) -> list[tuple[str, str]]:
        """Return the orders there are, for small screens, whose tables have no heads."""
        up = [(name, _("%s, ascending") % label) for name, label in _HEADS]
        return [*up, *((f"-{name}", _("%s, descending") % label) for name, label in _HEADS)]


@of_school
@require_safe
def all_students(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show every student of the school: search, filters, order, and the step to move many."""
    school = seats.require_supervisor(request.actor, number)
    address = _Address(request.GET)
    found = students.students(request.actor, number, address.wanted)
    groups = students.school_groups(request.actor, number)
    context = {
        "title": _("All students of %s") % school.name,
        "breadcrumbs": crumbs(request),
        "school": school,
        "address": address,
        "wanted": address.wanted,
        "chips": address.chips({one.pk: one.name for one in groups}),
        "heads": address.heads(),
        "orders": address.orders(),
        "seen": list(_SEEN.items()),
        "groups": groups,
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "moves": students.moves(request.actor, number),
        "export": reverse("export_students", args=[request.organization.slug, number])
        + address.with_values({}),
    }
    return shown(request, "web/all_students.html", context)


@of_school
@require_safe
def export_students(request: OrganizationRequest, number: int) -> StreamingHttpResponse:
    """Send the students of the list, all pages, as a file."""
    school = seats.require_supervisor(request.actor, number)
    found = students.students(request.actor, number, _Address(request.GET).wanted)
    heads = [_("Family name"), _("Given name"), _("Username"), _("Groups"), _("Last sign-in")]
    name = f"students-{slugify(school.name) or number}.csv"
    return StreamingHttpResponse(
        streamed(request, csv_lines(heads, students.rows_of(found))),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@of_school
@require_POST
def move_readers(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show what moving the chosen students would do; confirmed, do it."""
    chosen, to = _chosen(request.POST), _number(request.POST.get("to", "")) or 0
    try:
        plan = students.plan_move(request.actor, number, chosen, to)
    except InputError as error:
        messages.error(request, refused(error))
    except StateError as error:
        messages.warning(request, str(error))
    else:
        seen = request.POST.get("seen", "")
        if not seen or not plan.people:
            return _confirm(request, number, plan)
        try:
            made = move(request.actor, number, plan.people, to, seen)
        except InputError as error:
            # Somebody moved students meanwhile: the same question, with what is so by now.
            return _confirm(request, number, plan, refused(error))
        count = len(made.was)
        said = ngettext(
            "%(count)d student is in %(group)s now. “Undo” stands below.",
            "%(count)d students are in %(group)s now. “Undo” stands below.",
            count,
        )
        messages.success(request, said % {"count": count, "group": made.group.name})
    return redirect("all_students", request.organization.slug, number)


def _chosen(words: QueryDict) -> Chosen:
    if words.get("which") == "pasted":
        return Chosen(pasted=words.get("pasted", ""))
    if words.get("which") == "all":
        return Chosen(matching=_Address(words).wanted)
    name = "shown" if words.get("which") == "page" else "person"
    ticked = (_number(one) for one in words.getlist(name))
    return Chosen(people=frozenset(one for one in ticked if one is not None))


def _confirm(
    request: OrganizationRequest, number: int, plan: PlannedMove, problem: str = ""
) -> HttpResponse:
    count, name = len(plan.people), plan.group.name
    said = ngettext(
        "Move %(count)d student to %(group)s?", "Move %(count)d students to %(group)s?", count
    )
    back = reverse("all_students", args=[request.organization.slug, number])
    words = request.POST
    kept = [(key, value) for key, values in words.lists() for value in values if key in _KEPT]
    context = {
        "title": said % {"count": count, "group": name} if count else _("Nobody to move"),
        "breadcrumbs": [*crumbs(request), (_("All students"), back)],
        "plan": plan,
        "count": count,
        "more": count - len(plan.names),
        "kept": kept,
        "problem": problem,
        "back": back,
    }
    return shown(request, "web/move_readers.html", context, 422 if problem else 200)


# What of a choice is asked again with the yes.
_KEPT = {"which", "person", "shown", "pasted", "q", "group", "signed_in", "to"}


@of_school
@require_POST
def undo_move(request: OrganizationRequest, number: int, move: int) -> HttpResponse:
    """Undo one step."""
    try:
        undo(request.actor, number, move)
        messages.success(request, _("The students are back in the groups they were in."))
    except StateError as error:
        messages.warning(request, str(error))
    return redirect("all_students", request.organization.slug, number)
