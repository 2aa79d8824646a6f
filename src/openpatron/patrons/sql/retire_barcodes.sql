-- The numbers stay taken: nobody else ever gets them.
UPDATE patrons_barcode SET state = 'retired'
WHERE site_id = %(target)s AND state = 'current' AND patron_id IN (
  SELECT subject_id FROM ledger_change
  WHERE job_id = %(job)s AND id > %(after)s AND id <= %(last)s AND outcome = 'applied'
)
