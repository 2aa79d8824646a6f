-- The next batch of a job's rows in the order of the plan: end, size, and how many of them have
-- the outcome that is looked for. Those without a remark are {unremarked}.
SELECT last, found, {unremarked} + (
  SELECT COUNT(*) FROM ledger_change remarked
  WHERE remarked.job_id = %(job)s AND remarked.id > %(after)s AND remarked.id <= last
    AND remarked.notable AND remarked.outcome = %(outcome)s
)
FROM (
  SELECT
    COALESCE(nth, (
      SELECT MAX(id) FROM ledger_change WHERE job_id = %(job)s AND id > %(after)s
    )) AS last,
    CASE WHEN nth IS NULL THEN (
      SELECT COUNT(*) FROM ledger_change WHERE job_id = %(job)s AND id > %(after)s
    ) ELSE %(rows)s END AS found
  FROM (
    SELECT (
      SELECT id FROM ledger_change
      WHERE job_id = %(job)s AND id > %(after)s
      ORDER BY id LIMIT 1 OFFSET %(rows)s - 1
    ) AS nth
  ) AS full_batch
) AS batch
