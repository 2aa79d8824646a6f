-- One batch of the plan: the next patrons of the selection become planned or other changes.
INSERT INTO ledger_change (
  organization_id, job_id, subject_kind, subject_id, outcome, reason, notable,
  before, after, actor, way, at
)
SELECT
  %(organization)s, %(job)s, 'patron', decided.patron_id,
  CASE
    WHEN decided.reason = '' THEN 'planned'
    WHEN decided.reason = 'unchanged' OR substr(decided.reason, 1, 6) = 'owned:' THEN 'skipped'
    ELSE 'conflict'
  END,
  decided.reason, decided.reason <> '', decided.was, decided.becomes, NULL, %(way)s, %(now)s
FROM (
  {decided_fields}
) AS decided
ORDER BY decided.place
LIMIT %(rows)s
