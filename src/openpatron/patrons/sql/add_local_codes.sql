-- The patrons of one batch get the code of the job, or get it back.
INSERT INTO patrons_localcode (organization_id, patron_id, value)
SELECT %(organization)s, planned.subject_id, CAST(%(new)s AS text)
FROM ledger_change planned
WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
  AND planned.outcome = %(outcome)s
ON CONFLICT (patron_id, value) DO NOTHING
