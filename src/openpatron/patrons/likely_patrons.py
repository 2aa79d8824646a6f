"""Is this person registered here already? The visible patrons who may be the one being typed.

The database finds candidates by whole names and by halves of names, out of the search box's
index; what they have in common with the person is then compared here. With one letter off, half
of a name is still intact; where that is too short to narrow anything down, the other name has to
be intact, or the birth date the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING

from django.db.models import Case, IntegerChoices, Q, TextField, Value, When
from django.db.models.functions import Concat
from django.db.models.lookups import Regex
from django.utils.translation import gettext_lazy as _

from openpatron.accounts.queries import accounts_called
from openpatron.accounts.rules import one_case
from openpatron.kernel.text import fold, one_letter_off, storable

from .models import Association, Patron
from .queries import holders_of, visible
from .search import containing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

    from openpatron.access.actor import Actor

PERMISSION = "patrons.register"

MOST = 10
# So many candidates by name are compared, and so many of one birthday.
_CANDIDATES, _BIRTHDAY = 100, 400
# Names have more words, but two and one tell who it is.
_WORDS = 3
# Parts shorter than this have no entry in the index, unless a word begins or ends with them. Of
# words that are long enough the halves alone tell who it is.
_PART, _LONG = 3, 8
_LONGEST = 40

# PostgreSQL would ask the index for the pattern, which tells it next to nothing, instead of for the
# halves; of something that is no column it cannot.
_TEXT = Concat("search_text", Value(""), output_field=TextField())


class Likeness(IntegerChoices):
    """What a patron has in common with the person who is typed; the surest first."""

    BARCODE = 1, _("the same barcode")
    USERNAME = 2, _("the same username")
    EMAIL = 3, _("the same e-mail address")
    PERSON = 4, _("the same name and birth date")
    NAME = 5, _("the same name")
    SWAPPED = 6, _("the same names, swapped")
    NEAR_PERSON = 7, _("nearly the same name, the same birth date")
    NEAR = 8, _("nearly the same name")
    BORN = 9, _("the same birth date")


@dataclass(frozen=True, slots=True)
class Sought:
    """What is typed so far of a person; nothing is required, nothing checked."""

    first_name: str = ""
    last_name: str = ""
    birth_date: date | None = None
    email: str = ""
    username: str = ""
    barcode: str = ""

    @property
    def is_started(self) -> bool:
        """Tell whether anything is typed yet."""
        return any(getattr(self, one.name) for one in fields(self))


@dataclass(frozen=True, slots=True)
class Likely:
    """A patron who may be the person, and why; with the patron types and sites, primary first."""

    patron: Patron
    likeness: Likeness
    ties: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_exact(self) -> bool:
        """Tell whether what is typed is the same, and not only nearly so."""
        return self.likeness <= Likeness.NAME


def likely_patrons(actor: Actor, sought: Sought) -> list[Likely]:
    """Return at most ``MOST`` visible patrons, the surest first; a fixed number of queries.

    Each comes with its account.
    """
    actor.require_anywhere(PERMISSION)
    if not actor.may_anywhere("patrons.view"):
        return []
    found: dict[int, Likely] = {}
    for patron, likeness in chain(_by_number(actor, sought), _by_name(actor, sought)):
        if patron.pk not in found or likeness < found[patron.pk].likeness:
            found[patron.pk] = Likely(patron, likeness)
    best = sorted(
        found.values(), key=lambda one: (one.likeness, one.patron.sort_name, one.patron.pk)
    )[:MOST]
    # Names alone: whole associations would take as long as finding the patrons.
    ties = Association.objects.filter(patron__in=[one.patron for one in best])
    in_order = ties.order_by("-is_primary", "site__name", "pk")
    by_patron = {one.patron.pk: one for one in best}
    for number, kind, site in in_order.values_list("patron", "patron_type__name", "site__name"):
        by_patron[number].ties.append((kind, site))
    return best


def _by_number(actor: Actor, sought: Sought) -> Iterator[tuple[Patron, Likeness]]:
    """Yield who has exactly that barcode, username or e-mail address."""
    barcode, username, email = (
        text.strip() for text in (sought.barcode, sought.username, sought.email)
    )
    if barcode:
        for patron in holders_of(actor, barcode).select_related("account")[:_CANDIDATES]:
            yield patron, Likeness.BARCODE
    called = [account.pk for account in accounts_called(username, email)]
    people = visible(actor).select_related("account")
    for patron in people.filter(account__in=called) if called else ():
        same = patron.account.username.lower() == one_case(username).lower()
        yield patron, Likeness.USERNAME if same else Likeness.EMAIL


def _by_name(actor: Actor, sought: Sought) -> Iterator[tuple[Patron, Likeness]]:
    """Yield who is called so, or nearly so, or was born on that day where no name is typed."""
    given, family = _words(sought.first_name), _words(sought.last_name)
    people = visible(actor).select_related("account")
    joined = _joined(f"{sought.first_name} {sought.last_name}")
    asked = _named(people, given, family, joined)
    if sought.birth_date is not None:
        asked.append(people.filter(account__birth_date=sought.birth_date)[:_BIRTHDAY])
    for patron in chain.from_iterable(asked):
        born = sought.birth_date is not None and patron.account.birth_date == sought.birth_date
        if not (given or family):
            yield patron, Likeness.BORN
        else:
            likeness = _likeness(patron, given, family, born=born)
            if likeness is not None:
                yield patron, likeness


def _words(text: str) -> list[str]:
    """Return the folded words of a name that can be looked for."""
    words = re.findall(r"[^\W_]+", fold(text)) if storable(text) else []
    return [word for word in words if len(word) <= _LONGEST]


def _joined(text: str) -> set[str]:
    """Return the words that another one is tied to without a space, as in "o'brien"."""
    return {word for name in text.split() for word in _words(name) if len(_words(name)) > 1}


def _named(
    people: QuerySet[Patron], given: list[str], family: list[str], joined: set[str]
) -> list[QuerySet[Patron]]:
    """Return what finds who has all the words, and then who has one of them one letter off."""
    # The longest of each name first: they tell most.
    words = [*sorted(family, key=len)[::-1][:2], *sorted(given, key=len)[::-1]][:_WORDS]
    if not words:
        return []
    if not any(len(word) >= _PART for word in words):
        one, other = " ".join(given), " ".join(family)
        both = [f"{other}, {one}", f"{one}, {other}"] if one and other else [one or other]
        return [people.filter(sort_name__in=both)[:_CANDIDATES]]
    whole = containing([word] for word in words)
    near = Q()
    for off in words:
        intact = [[word] for word in words if word != off]
        has_halves = len(off) >= 2 * _PART or off not in joined
        parts = [*intact, _halves(off)] if has_halves else intact
        is_narrow = any(len(word) >= _PART for [word] in intact) or len(off) >= _LONG
        if len(off) >= _PART and is_narrow:
            near |= containing(parts) & Q(Regex(_TEXT, _near(off)))
    if not near or len(words) == 1:
        # Of the many who are called so the first few will do.
        return [people.filter(one)[:_CANDIDATES] for one in (whole, near) if one]
    found = people.filter(whole | near)
    return [found.order_by(Case(When(whole, then=0), default=1))[:_CANDIDATES]]


def _halves(word: str) -> list[str]:
    """Return texts of which one is in every search text with a word that is one letter off."""
    middle = len(word) // 2
    swapped = word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]
    if middle >= _PART:
        return [word[:middle], word[middle:], swapped]
    # Too short to be anywhere in a word. (A name is never the last word of a search text.)
    return [f" {word[:middle]}", f"{word[middle:]} ", swapped]


def _near(word: str) -> str:
    """Return a pattern for both engines: a word that is one letter off."""
    size = range(len(word))
    variants = {
        *(f"{word[:i]}[^ ]?{word[i + 1 :]}" for i in size),
        *(f"{word[:i]}[^ ]{word[i:]}" for i in (*size, len(word))),
        *(f"{word[:i]}{word[i + 1]}{word[i]}{word[i + 2 :]}" for i in size[:-1]),
    }
    return f"(^|[ '’-])({'|'.join(sorted(variants))})([ '’-]|$)"


def _likeness(
    patron: Patron, given: list[str], family: list[str], *, born: bool
) -> Likeness | None:
    """Compare the names as typed with the patron's, also the wrong way round."""
    account = patron.account
    their_given = _words(f"{account.first_name} {account.middle_name} {account.preferred_name}")
    their_family = _words(account.last_name)
    straight = _distance(given, their_given, family, their_family)
    swapped = _distance(given, their_family, family, their_given)
    if straight == 0:
        return Likeness.PERSON if born else Likeness.NAME
    if swapped == 0 and given and family:
        return Likeness.SWAPPED
    # Both names may be one letter off where the birth date agrees.
    if min(straight, swapped) > (2 if born else 1):
        return None
    return Likeness.NEAR_PERSON if born else Likeness.NEAR


# What makes two names different people's.
_FAR = 99


def _distance(
    given: list[str], their_given: list[str], family: list[str], their_family: list[str]
) -> float:
    """Return how many words are one letter off; a beginning counts a little, nothing like: far."""
    pairs = ((given, their_given), (family, their_family))
    return sum(
        min((_apart(word, other) for other in others), default=_FAR)
        for words, others in pairs
        for word in words
    )


def _apart(word: str, other: str) -> float:
    if word == other:
        return 0
    if min(len(word), len(other)) < _PART:
        return _FAR
    if other.startswith(word):
        return 0.1
    return 1 if one_letter_off(word, other) else _FAR
