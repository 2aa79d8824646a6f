-- The planned rows of one batch that are no longer what the plan says, with what they are now
-- (patron_id is NULL where the patron is no longer selected). No row at all is what is usual.
SELECT
  selected.change_id, CASE WHEN selected.patron_id IS NOT NULL THEN selected.outcome END,
  selected.reason, selected.old_barcode, selected.new_barcode, mine.id IS NOT NULL
FROM (
  {associations_to_add}
) AS selected
-- For a number that the plan gave: is it still nobody's?
LEFT JOIN patrons_barcode mine
  ON mine.organization_id = %(organization)s AND mine.site_id = %(target)s
  AND mine.value = selected.planned_barcode AND selected.planned_reason NOT IN ('', 'held')
WHERE selected.patron_id IS NULL
  OR selected.outcome <> 'planned'
  OR (selected.reason = '') <> (selected.planned_reason = '')
  OR (selected.reason = 'held') <> (selected.planned_reason = 'held')
  OR (selected.new_barcode IS NOT NULL AND selected.new_barcode <> selected.planned_barcode)
  OR mine.id IS NOT NULL
ORDER BY selected.change_id
