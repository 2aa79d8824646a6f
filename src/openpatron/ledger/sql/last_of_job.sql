-- Whom the last row of a job is about.
SELECT subject_id FROM ledger_change
WHERE job_id = %(job)s
ORDER BY id DESC LIMIT 1
