"""Whom a promotion is about: everybody, the patrons of some sites, or those of a list."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.organizations.models import Site
from openpatron.organizations.queries import site_by_short_name

from .list_words import as_text
from .models import Association, Patron
from .people import at_site, everywhere, found
from .queries import PatronFilter, patrons
from .selection import Value, grades, grades_of
from .whom import said_of as said_of_list, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from openpatron.access.actor import Actor
    from openpatron.ledger.models import Job

    from .list_words import ListWords
    from .people import People


@dataclass(frozen=True, slots=True)
class Promoted:
    """Who moves up, checked: the patrons of ``sites`` (none: of all), or those that ``words`` find.

    ``saved`` is the name of the saved list that the words are of.
    """

    sites: list[Site]
    words: ListWords | None = None
    saved: str = ""

    @property
    def params(self) -> dict[str, Any]:
        """What a job keeps: ids, and the names they had."""
        one = self.sites[0] if len(self.sites) == 1 else None
        words = self.words
        return {
            "source": one.pk if one else None,
            "source_name": one.name if one else None,
            "sites": [[site.pk, site.name] for site in self.sites],
            "filters": words.kept if words else None,
            "filters_said": words.said if words else [],
            "narrowed": asdict(words.filter) if words else None,
            "saved": self.saved,
        }

    def grades(self, actor: Actor) -> list[Value]:
        """Return the grades that occur among them, with counts."""
        if self.words is not None:
            return grades_of(patrons(actor, self.words.filter))
        if len(self.sites) < 2:  # noqa: PLR2004  several
            return grades(self.sites[0] if self.sites else None)
        there = Association.objects.filter(site__in=[site.pk for site in self.sites])
        return grades_of(Patron.objects.filter(pk__in=there.values("patron")))


def choose_promoted(
    actor: Actor,
    *,
    at: str | Iterable[str] = "",
    filters: Mapping[str, str] | None = None,
    saved: str = "",
) -> Promoted:
    """Check the words, all as typed: sites by their short names, or filters, or a saved list.

    Raises ``InputError`` with the parameter's name.
    """
    names = [name for name in ([at] if isinstance(at, str) else at) if name]
    if filters is None and not saved:
        # Named twice is meant once.
        return Promoted([site_by_short_name(name, "at") for name in dict.fromkeys(names)])
    if names:
        raise InputError(
            "at", _("Give either sites, or a list of patrons: its filters may name a site.")
        )
    return Promoted([], words_of(actor, filters or {}, saved), saved)


def people_promoted(job: Job, actor: Actor, whose: str) -> People:
    """Return as SQL those of a job with such params for whom the condition holds."""
    asked = job.params
    if asked.get("narrowed") is not None:
        moving = [grade for grade, _to in asked["steps"]]
        listed = patrons(actor, PatronFilter(**asked["narrowed"]))
        return found(listed.filter(grade_level__in=moving))
    if asked["source"] is not None:
        return at_site(whose)
    if asked.get("sites"):
        among = ", ".join(str(int(number)) for number, _name in asked["sites"])
        there = (
            "EXISTS (SELECT 1 FROM patrons_association there "  # noqa: S608  numbers alone
            f"WHERE there.patron_id = patron.id AND there.site_id IN ({among}))"
        )
        return everywhere(f"{whose} AND {there}")
    return everywhere(whose)


def said_of(job: Job) -> str:
    """Return who moves up, in words that go on after “move …”."""
    asked = job.params
    if asked.get("narrowed") is not None:
        return said_of_list(job)
    if asked["source"] is not None:
        return _("the patrons at %s") % str(asked["source_name"])
    if asked.get("sites"):
        names = get_text_list([str(name) for _number, name in asked["sites"]], _("and"))
        return _("the patrons at %s") % names
    return _("the patrons of all sites")


def again_of(job: Job) -> dict[str, str]:
    """Return the words of the page; sites by their present names, with commas between."""
    asked = job.params
    if asked.get("saved"):
        return {"saved": asked["saved"]}
    if asked.get("narrowed") is not None:
        return {"found": as_text(asked["filters"])}
    # A job from before there could be several.
    numbers = [number for number, _name in asked.get("sites", [])] or [asked["source"]]
    names = Site.objects.filter(pk__in=[n for n in numbers if n is not None])
    return {"at": ",".join(names.order_by("name").values_list("short_name", flat=True))}
