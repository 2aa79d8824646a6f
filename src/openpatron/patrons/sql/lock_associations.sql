-- A hand edit that is under way finishes first, so that the undo sees it.
SELECT COUNT(*) FROM (
  SELECT 1 FROM patrons_association
  WHERE site_id = %(target)s AND patron_id IN (
    SELECT subject_id FROM ledger_change
    WHERE job_id = %(job)s AND id > %(after)s AND id <= %(last)s AND outcome = 'applied'
  )
  ORDER BY patron_id FOR_UPDATE
) AS locked
