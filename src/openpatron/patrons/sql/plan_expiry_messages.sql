-- The next patrons who are to be told that they expire, or have expired: once for each day.
INSERT INTO ledger_change (
  organization_id, job_id, subject_kind, subject_id, outcome, reason, notable,
  before, after, actor, way, at
)
SELECT
  %(organization)s, %(job)s, 'patron', told.id, 'planned', '', FALSE, JSON_OBJECT(),
  JSON_OBJECT('kind', told.kind, 'day', told.day), NULL, %(way)s, %(now)s
FROM (
  {told}
) AS told
ORDER BY told.id
LIMIT %(rows)s
