-- The patrons that were changed by hand after a change, or by one of some jobs. Which rows these are
-- is read from the index of jobs alone, so that the rows of a large run are never walked through.
WITH rows_of AS (
  SELECT id FROM ledger_change WHERE job_id IS NULL AND id > %(since)s
  UNION ALL
  SELECT ledger_change.id
  FROM (SELECT CAST(value ->> 'id' AS bigint) AS id FROM JSON_EACH(%(jobs)s)) AS job
  CROSS JOIN ledger_change
  WHERE ledger_change.job_id = job.id
)
SELECT DISTINCT change.subject_id
FROM rows_of CROSS JOIN ledger_change AS change
WHERE change.id = rows_of.id AND change.organization_id = %(organization)s
  AND change.subject_kind = %(subject)s AND change.outcome IN ('applied', 'undone', 'left')
