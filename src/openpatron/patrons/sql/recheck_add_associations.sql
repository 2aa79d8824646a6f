-- The planned rows of one batch that are no longer what the plan says, with what they are now.
-- No row at all is what is usual.
SELECT
  planned.id, selected.outcome, selected.reason, selected.old_barcode, selected.new_barcode,
  mine.id IS NOT NULL
FROM ledger_change planned
LEFT JOIN (
  {associations_to_add}
  AND source.patron_id BETWEEN %(first_subject)s AND %(last_subject)s
) AS selected ON selected.patron_id = planned.subject_id
-- For a number that the plan gave: is it still nobody's?
LEFT JOIN patrons_barcode mine
  ON mine.organization_id = %(organization)s AND mine.site_id = %(target)s
  AND mine.value = planned.after ->> 'barcode' AND planned.reason <> ''
WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
  AND planned.outcome = 'planned'
  AND (
    selected.patron_id IS NULL
    OR selected.outcome <> 'planned'
    OR (selected.reason = '') <> (planned.reason = '')
    OR (selected.new_barcode IS NOT NULL AND selected.new_barcode <> planned.after ->> 'barcode')
    OR mine.id IS NOT NULL
  )
ORDER BY planned.id
