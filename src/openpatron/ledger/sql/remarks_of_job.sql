-- A job's notable rows by outcome and reason, found by their index.
SELECT outcome, reason, COUNT(*) FROM ledger_change
WHERE job_id = %(job)s AND notable
GROUP BY outcome, reason
