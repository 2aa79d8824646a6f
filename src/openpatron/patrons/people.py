"""Who a job is about, as SQL: the patrons of a site, of a list, or found by the list's filters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.core.exceptions import EmptyResultSet
from django.db.models import F
from django.db.models.expressions import RawSQL

from openpatron.kernel.sql import Params

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from .models import Patron

TIE = "LEFT JOIN patrons_association tie ON tie.patron_id = patron.id AND tie.site_id = %(source)s"

_OF_THE_BATCH = (
    "SELECT subject_id FROM ledger_change WHERE job_id = %(job)s AND id > %(after)s "
    "AND id <= %(last)s AND outcome = 'planned'"
)


@dataclass(frozen=True, slots=True)
class People:
    """Who is selected, as SQL: for the plan, and among the planned rows of a batch.

    In both, ``patron`` is the record; among the planned rows it is NULL for who is not selected
    any more. ``still`` narrows them to whom the plan saw as they are, for a second look at each;
    who is written at once is what the plan saw anyway. ``params`` are the values that stand in the
    SQL, beside those of the job.
    """

    planning: str
    rows: str
    place: str
    applying: str
    still: str = ""
    params: Params = field(default_factory=dict)


def at_site(whose: str) -> People:
    """Return the patrons of the site %(source)s for whom the condition holds."""
    record = f"patrons_patron patron ON patron.id = source.patron_id AND {whose}"
    # By the index that begins with the patron: in that by sites SQLite compares the site each time.
    return People(
        planning=f"patrons_association source JOIN {record}",
        rows="source.site_id = %(source)s AND source.patron_id > %(after)s",
        place="source.patron_id",
        applying="ledger_change planned LEFT JOIN patrons_association source "
        "ON source.patron_id = planned.subject_id AND UNINDEXED(source.site_id) = %(source)s "
        f"LEFT JOIN {record}",
    )


def everywhere(whose: str) -> People:
    """Return the patrons of the organization for whom the condition holds."""
    own = f"patron.organization_id = %(organization)s AND {whose}"
    return People(
        planning="patrons_patron patron",
        rows=f"{own} AND patron.id > %(after)s",
        place="patron.id",
        applying=f"ledger_change planned LEFT JOIN patrons_patron patron "
        f"ON patron.id = planned.subject_id AND {own}",
    )


def named() -> People:
    """Return the patrons %(listed)s, [[id, place], …]."""
    return People(
        planning="(SELECT CAST(value ->> 0 AS bigint) AS patron_id, "
        "CAST(value ->> 1 AS bigint) AS place FROM JSON_EACH(%(listed)s)) source "
        "JOIN patrons_patron patron ON patron.id = source.patron_id "
        "AND patron.organization_id = %(organization)s",
        rows="TRUE",
        place="source.place",
        applying="ledger_change planned LEFT JOIN patrons_patron patron "
        "ON patron.id = planned.subject_id",
    )


def found(patrons: QuerySet[Patron]) -> People:
    """Return the patrons of a list as a query finds them: the list's own filters, nothing else.

    The plan goes along their numbers, so that each batch looks only at those that it takes.
    """
    after = RawSQL("%(after)s", ())
    batch = RawSQL(_OF_THE_BATCH, ())  # noqa: S611  constant text
    planning, params = _named_sql(patrons.filter(pk__gt=after), "f")
    applying, more = _named_sql(patrons.filter(pk__in=batch), "g")
    return People(
        planning=f"({planning} ORDER BY 1 LIMIT %(rows)s) source "
        "JOIN patrons_patron patron ON patron.id = source.patron_id",
        rows="TRUE",
        place="source.patron_id",
        applying="ledger_change planned LEFT JOIN patrons_patron patron "
        f"ON patron.id = planned.subject_id AND patron.id IN ({applying})",
        params=params | more,
    )


def _named_sql(patrons: QuerySet[Patron], prefix: str) -> tuple[str, Params]:
    """Return the query's SQL for their numbers, and its values by names that begin so."""
    try:
        sql, values = patrons.order_by().values(patron_id=F("pk")).query.sql_with_params()
    except EmptyResultSet:
        return "SELECT id AS patron_id FROM patrons_patron WHERE FALSE", {}
    first, *others = sql.split("%s")
    names = [f"{prefix}{n}" for n in range(len(others))]
    text = first + "".join(f"%({n})s{part}" for n, part in zip(names, others, strict=True))
    return text, dict(zip(names, values, strict=True))
