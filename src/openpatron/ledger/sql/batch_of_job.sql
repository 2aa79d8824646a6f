-- The next batch of a job's rows in the order of the plan: end, size, first and last subject.
SELECT MAX(id), COUNT(*), MIN(subject_id), MAX(subject_id) FROM (
  SELECT id, subject_id FROM ledger_change
  WHERE job_id = %(job)s AND id > %(after)s
  ORDER BY id LIMIT %(rows)s
) AS batch
