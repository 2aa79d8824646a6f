"""The search box: what it looks in, and how the index of each engine is asked.

PostgreSQL: a trigram index (pg_trgm) on ``search_text``. SQLite: an FTS5 table with the trigram
tokenizer beside ``patrons_patron``, kept by database triggers. Both answer "contains" for three
characters and more; shorter parts (two CJK characters are a whole name) read the column.
"""

from __future__ import annotations

import re
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Protocol

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL

from openpatron.kernel.text import fold, storable_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.models import QuerySet

    from .models import Patron

# Shorter parts have no trigram.
_TRIGRAM = 3
# PostgreSQL's patterns keep what comes after this character in classes that pg_trgm cannot read
# (its regc_color.c: MAX_SIMPLE_CHR).
_READ = "\u07ff"
# So many patrons are few.
_FEW = 2_000
# Words beyond these narrow nothing down.
_WORDS = 8


class Named(Protocol):
    """What is found by its names: an account, or what is to become one."""

    @property
    def first_name(self) -> str: ...
    @property
    def middle_name(self) -> str: ...
    @property
    def last_name(self) -> str: ...
    @property
    def preferred_name(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def list_name(self) -> str: ...


def search_text(account: Named, district_id: str, barcodes: Iterable[str]) -> str:
    """Return what the search box looks in for one patron, folded."""
    names = (
        account.first_name, account.middle_name, account.last_name, account.preferred_name,
        account.username, account.email, district_id, *barcodes,
    )  # fmt: skip
    return " ".join(folded for folded in map(fold, names) if folded)


def sort_name(account: Named) -> str:
    """Return what lists are sorted by: the folded list name."""
    return fold(account.list_name)[:320]


def matching(patrons: QuerySet[Patron], text: str) -> QuerySet[Patron]:
    """Return the patrons whose search text contains every word of ``text``."""
    return patrons.filter(containing([word] for word in storable_words(text)[:_WORDS]))


def containing(parts: Iterable[Sequence[str]]) -> Q:
    """Return what asks for search texts that contain, of each of ``parts``, at least one.

    The texts are folded already: ``[["ada"], ["love", "lace"]]`` is "ada", and "love" or "lace".
    A space before a text says that a word begins with it.
    """
    wanted = list(parts)
    found = Q()
    if connection.vendor == "sqlite":
        indexed = [texts for texts in wanted if all(_is_indexed(text) for text in texts)]
        wanted = [texts for texts in wanted if texts not in indexed]
        if indexed:
            found = _in_index(indexed)
    return reduce(and_, map(_has_one, wanted), found)


def _has_one(texts: Sequence[str]) -> Q:
    """Return what asks for any of the texts.

    PostgreSQL asks its index for each of several texts together with all the other parts; for
    one pattern it asks once. (Of characters beyond ``_READ`` a pattern tells the index nothing.)
    """
    if len(texts) == 1 or connection.vendor == "sqlite" or max(map(max, texts)) > _READ:
        return reduce(or_, map(_has, texts))
    patterns = (
        "(^| )" * text.startswith(" ") + re.escape(text.removeprefix(" ")) for text in texts
    )
    return Q(search_text__regex="|".join(patterns))


def _has(text: str) -> Q:
    found = Q(search_text__contains=text)
    return found | Q(search_text__startswith=text.lstrip()) if text.startswith(" ") else found


def _is_indexed(text: str) -> bool:
    """Tell whether SQLite's index finds the text, also where it is the very first."""
    return len(text) >= _TRIGRAM and not text.startswith(" ")


def _in_index(parts: list[Sequence[str]]) -> Q:
    """Narrow to what SQLite's index finds.

    SQLite does not know how many that will be. Few are named one by one, so that it begins with
    them; of many the first in the list's order come soon, and it begins with that order.
    """
    # Phrases in quotes: every character counts as it is.
    phrase = " AND ".join(
        "(" + " OR ".join('"' + text.replace('"', '""') + '"' for text in texts) + ")"
        for texts in parts
    )
    found = "SELECT rowid FROM patrons_search WHERE patrons_search MATCH %s"
    with connection.cursor() as cursor:
        cursor.execute(f"{found} LIMIT {_FEW + 1}", [phrase])
        few = [row[0] for row in cursor.fetchall()]
    if len(few) <= _FEW:
        return Q(pk__in=few)
    return Q(pk__in=RawSQL(found, (phrase,)))  # noqa: S611  constant text
