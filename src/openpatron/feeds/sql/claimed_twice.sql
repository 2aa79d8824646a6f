-- The values of a unique field that several planned rows of a run are to get.
SELECT {claim} FROM ledger_change
WHERE job_id = %(job)s AND outcome = 'planned' AND COALESCE(after ->> '{field}', '') <> ''
GROUP BY 1 HAVING COUNT(*) > 1
