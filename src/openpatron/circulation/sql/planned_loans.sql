-- The loans that the planned rows of a batch are about, as they are now.
SELECT planned.id AS change_id, planned.after ->> 'kind' AS kind, loans.*
FROM ledger_change planned
JOIN (
  {loans}
) AS loans
  ON loans.patron_id = planned.subject_id
  AND loans.site_id = CAST(planned.after ->> 'site_id' AS bigint)
  AND loans.step = CAST(planned.after ->> 'step' AS integer)
WHERE planned.job_id = %(job)s AND planned.id > %(first)s AND planned.id <= %(last)s
  AND planned.outcome = 'planned'
