-- The next batch of a job's rows in the order of the plan: end, size, and how many of them have
-- the outcome that is looked for.
SELECT MAX(id), COUNT(*), COUNT(*) FILTER (WHERE outcome = %(outcome)s)
FROM (
  SELECT id, outcome FROM ledger_change
  WHERE job_id = %(job)s AND id > %(after)s
  ORDER BY id LIMIT %(rows)s
) AS batch
