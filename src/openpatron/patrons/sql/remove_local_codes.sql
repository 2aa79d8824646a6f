-- The patrons of one batch lose the code of the job.
DELETE FROM patrons_localcode
WHERE organization_id = %(organization)s AND value = %(new)s AND patron_id IN (
  SELECT planned.subject_id FROM ledger_change planned
  WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
    AND planned.outcome = %(outcome)s
)
