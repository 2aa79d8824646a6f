-- How many rows a job has, out of the index alone: the organization is in none.
SELECT COUNT(*) FROM ledger_change WHERE job_id = %(job)s
