-- What adding an association means for each selected patron: the one place that decides it, for
-- the plan and again when the plan is applied.
--
-- Yields patron_id, outcome, reason, old_barcode (at the site of the selection), new_barcode (at
-- the new site; NULL where the next number of that site has to be found). The reason ``held``: the
-- patron has a number there already, which stays, and is not the job's to take away again. The tables stand in
-- the order in which they are read, each by a key.
SELECT
  {columns}
  patron.id AS patron_id,
  CASE {refused} WHEN target.id IS NULL THEN 'planned' ELSE 'skipped' END AS outcome,
  CASE {refusals}
    WHEN target.id IS NOT NULL THEN 'associated'
    WHEN {wide} THEN ''
    WHEN there.value IS NOT NULL THEN 'held'
    WHEN card.value IS NULL THEN 'no_barcode'
    WHEN taken.id IS NOT NULL THEN 'taken'
    ELSE ''
  END AS reason,
  card.value AS old_barcode,
  CASE
    WHEN {wide} THEN card.value
    WHEN there.value IS NOT NULL THEN there.value
    WHEN target.id IS NULL AND taken.id IS NULL THEN card.value
  END AS new_barcode
{selected_patrons}
-- The number that the patron holds at the site of the selection.
LEFT JOIN patrons_barcode card
  ON card.patron_id = patron.id AND card.state = 'current'
  AND {card_site}
LEFT JOIN patrons_association target
  ON target.patron_id = patron.id AND target.site_id = %(target)s
-- A number that the patron has at the new site already, from whatever time.
LEFT JOIN patrons_barcode there
  ON there.patron_id = patron.id AND there.state = 'current'
  AND there.site_id = %(target)s
-- Anybody's number there stands in the way (also that of somebody whose record is gone), but for
-- a retired one of the patron's own.
LEFT JOIN patrons_barcode taken
  ON taken.organization_id = %(organization)s AND taken.value = card.value
  AND taken.site_id = %(target)s
  AND NOT (COALESCE(taken.patron_id, 0) = patron.id AND taken.state = 'retired')
WHERE {rows}
