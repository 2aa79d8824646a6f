"""The floor: hand-written SQL that writes the very rows that a bulk job leaves behind.

No plan to look at, no second check, no batches, no progress, no undo: one transaction, as fast
as somebody who knows tables and data can say it. Only the job's own row is made beforehand.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.utils import timezone

_SELECTED = """
  FROM patrons_association source
  JOIN patrons_patron patron ON patron.id = source.patron_id
  JOIN patrons_barcode card
    ON card.patron_id = source.patron_id AND card.site_id = source.site_id
    AND card.state = 'current'
  LEFT JOIN patrons_association target
    ON target.patron_id = source.patron_id AND target.site_id = %(target)s
  LEFT JOIN patrons_barcode taken
    ON taken.organization_id = source.organization_id AND taken.site_id = %(target)s
    AND taken.value = card.value AND taken.patron_id <> source.patron_id
  WHERE source.site_id = %(source)s AND patron.grade_level = '5'
"""
_CHANGE = """
INSERT INTO ledger_change (
  organization_id, job_id, subject_kind, subject_id, outcome, reason, notable,
  before, after, actor, way, at
)
"""
_BARCODE = """
INSERT INTO patrons_barcode (organization_id, patron_id, site_id, value, state, number)
"""
_CARD = "'2' || substr('000000000' || number, -9)"
_AFTER = """JSON_OBJECT(
    'site', CAST(%(target_name)s AS text), 'patron_type', CAST(%(patron_type_name)s AS text),
    'access_level', CAST(%(access_level_name)s AS text), 'resource_group', NULL,
    'barcode', {barcode}
  )"""
_ADD_ASSOCIATIONS = (
    # Who keeps the number, and who is there already.
    f"""{_CHANGE}
    SELECT
      source.organization_id, %(job)s, 'patron', source.patron_id,
      CASE WHEN target.id IS NULL THEN 'applied' ELSE 'skipped' END,
      CASE WHEN target.id IS NULL THEN '' ELSE 'associated' END,
      target.id IS NOT NULL,
      JSON_OBJECT('barcode', card.value), {_AFTER.format(barcode="card.value")},
      NULL, %(way)s, %(now)s
    {_SELECTED} AND taken.id IS NULL
    ORDER BY source.patron_id""",
    f"""{_BARCODE}
    SELECT card.organization_id, card.patron_id, %(target)s, card.value, 'current', card.number
    FROM ledger_change change
    JOIN patrons_barcode card
      ON card.patron_id = change.subject_id AND card.site_id = %(source)s
      AND card.state = 'current'
    WHERE change.job_id = %(job)s AND change.outcome = 'applied'
    ORDER BY change.id""",
    # Who needs another number: the highest there by now, and upwards.
    f"""{_CHANGE}
    SELECT
      organization_id, %(job)s, 'patron', patron_id, 'applied', 'taken', TRUE,
      JSON_OBJECT('barcode', value), {_AFTER.format(barcode=_CARD)},
      NULL, %(way)s, %(now)s
    FROM (
      SELECT
        source.organization_id AS organization_id, source.patron_id AS patron_id,
        card.value AS value,
        (SELECT MAX(number) FROM patrons_barcode WHERE site_id = %(target)s)
          + ROW_NUMBER() OVER (ORDER BY source.patron_id) AS number
      {_SELECTED} AND taken.id IS NOT NULL
    ) AS clashing
    ORDER BY patron_id""",
    f"""{_BARCODE}
    SELECT
      organization_id, subject_id, %(target)s, after ->> 'barcode', 'current',
      CAST(substr(after ->> 'barcode', 2) AS bigint)
    FROM ledger_change WHERE job_id = %(job)s AND notable AND outcome = 'applied'""",
    """INSERT INTO patrons_association (
      organization_id, patron_id, site_id, patron_type_id, access_level_id, resource_group_id,
      homeroom_id, is_primary
    )
    SELECT
      organization_id, subject_id, %(target)s, %(patron_type)s, %(access_level)s, NULL, NULL, FALSE
    FROM ledger_change WHERE job_id = %(job)s AND outcome = 'applied'
    ORDER BY subject_id""",
)
_AT_SITE = """
  FROM patrons_association source
  JOIN patrons_patron patron ON patron.id = source.patron_id
  WHERE source.site_id = %(source)s
"""
_UPDATE_PATRONS = (
    f"""{_CHANGE}
    SELECT
      %(organization)s, %(job)s, 'patron', patron.id, 'applied', '', FALSE,
      JSON_OBJECT('status', patron.status), JSON_OBJECT('status', CAST(%(new)s AS text)),
      NULL, %(way)s, %(now)s
    {_AT_SITE} AND patron.grade_level = '5'
    ORDER BY patron.id""",
    """UPDATE patrons_patron SET status = %(new)s WHERE id IN (
      SELECT subject_id FROM ledger_change WHERE job_id = %(job)s
    )""",
)
# Two grades occur at the site, and at all sites those after them.
_NEXT_GRADE = "CASE patron.grade_level WHEN '5' THEN '6' WHEN '6' THEN '7' END"
_PROMOTE = (
    f"""{_CHANGE}
    SELECT
      %(organization)s, %(job)s, 'patron', patron.id, 'applied', '', FALSE,
      JSON_OBJECT('grade_level', patron.grade_level), JSON_OBJECT('grade_level', {_NEXT_GRADE}),
      NULL, %(way)s, %(now)s
    {_AT_SITE} AND patron.grade_level IN ('5', '6')
    ORDER BY patron.id""",
    f"""UPDATE patrons_patron AS patron SET grade_level = {_NEXT_GRADE} WHERE id IN (
      SELECT subject_id FROM ledger_change WHERE job_id = %(job)s
    )""",
)
_STATEMENTS = {
    "add_associations": _ADD_ASSOCIATIONS,
    "update_patrons": _UPDATE_PATRONS,
    "promote": _PROMOTE,
}
_DIALECT = {
    "sqlite": {"JSON_OBJECT": "json_object"},
    "postgresql": {
        "JSON_OBJECT": "jsonb_build_object",
        # A negative start counts from the end only in SQLite.
        "substr('000000000' || number, -9)": "lpad(CAST(number AS text), 9, '0')",
    },
}


def write(kind: str, params: dict[str, Any]) -> None:
    """Write everything, in one transaction; ``params`` are the job's, with its id as ``job``."""
    statements = []
    for statement in _STATEMENTS[kind]:
        for word, meant in _DIALECT[connection.vendor].items():
            statement = statement.replace(word, meant)  # noqa: PLW2901  step by step
        statements.append(statement)
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, params | {"now": timezone.now()})
