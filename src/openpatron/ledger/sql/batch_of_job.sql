-- The next batch of a job's rows in the order of the plan: end, size, and how many of them have
-- the outcome that is looked for. Those without a remark are {unremarked}.
SELECT last, found, {unremarked} + (
  SELECT COUNT(*) FROM ledger_change remarked
  WHERE remarked.job_id = %(job)s AND remarked.id > %(after)s AND remarked.id <= last
    AND remarked.notable AND remarked.outcome = %(outcome)s
)
FROM (
  SELECT MAX(id) AS last, COUNT(*) AS found
  FROM (
    SELECT id FROM ledger_change
    WHERE job_id = %(job)s AND id > %(after)s
    ORDER BY id LIMIT %(rows)s
  ) AS next_rows
) AS batch
