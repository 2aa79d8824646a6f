DELETE FROM patrons_association
WHERE site_id = %(target)s AND patron_id IN (
  SELECT subject_id FROM ledger_change
  WHERE job_id = %(job)s AND id > %(after)s AND id <= %(last)s AND outcome = 'applied'
)
