-- Makes the patrons of one batch internal again.
DELETE FROM patrons_sourcerecord WHERE source_id = %(owner)s AND patron_id IN (
  SELECT planned.subject_id FROM ledger_change planned
  WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
    AND planned.outcome = %(outcome)s
)
