-- Protects a field of those patrons of a batch whose source owns it. What is protected stays so.
INSERT INTO patrons_protection (
  organization_id, patron_id, field, protected_by, protected_at, until, ends_when_equal
)
SELECT
  %(organization)s, planned.subject_id, CAST(%(field)s AS text){place}, CAST(%(by)s AS bigint),
  %(now)s, NULL, %(lasting)s
FROM ledger_change planned
JOIN patrons_sourcerecord external ON external.patron_id = planned.subject_id
{tie}
WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
  AND planned.outcome = %(outcome)s AND {owned}
ON CONFLICT (patron_id, field) DO NOTHING
