-- Has the next feed look into the rows of a batch, also where the source sends what it sent before.
UPDATE patrons_sourcerecord SET digest = %(nothing)s
WHERE patron_id IN (
  SELECT planned.subject_id
  FROM ledger_change planned
  JOIN patrons_sourcerecord external ON external.patron_id = planned.subject_id
  {tie}
  WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
    AND planned.outcome = %(outcome)s AND {owned}
)
