-- Makes the planned patrons of one batch external; nothing was received for them yet.
INSERT INTO patrons_sourcerecord (
  organization_id, source_id, patron_id, key, "values", digest, received_at, missing_since
)
SELECT
  %(organization)s, %(owner)s, planned.subject_id, planned.after ->> 'source_key',
  JSON_OBJECT(), %(nothing)s, %(now)s, NULL
FROM ledger_change planned
WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
  AND planned.outcome = %(outcome)s
