-- A hand edit that is under way finishes first, and the next one waits for this batch.
SELECT COUNT(*) FROM (
  SELECT 1 FROM patrons_patron
  WHERE id IN (
    SELECT subject_id FROM ledger_change
    WHERE job_id = %(job)s AND id > %(after)s AND id <= %(last)s AND outcome = %(outcome)s
  )
  ORDER BY id FOR_UPDATE
) AS locked
