-- The numbers at the site that a job retired are current again.
UPDATE patrons_barcode SET state = 'current' WHERE id IN (
  SELECT (
    SELECT kept.id FROM patrons_barcode kept
    WHERE kept.patron_id = planned.subject_id AND kept.site_id = %(source)s
      AND kept.value = planned.before ->> 'barcode' AND kept.state = 'retired'
  )
  FROM ledger_change planned
  WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
    AND planned.outcome = %(outcome)s
)
