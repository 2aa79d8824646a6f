-- The patrons of one batch get the block of the job. It is theirs by the moment when it was set.
INSERT INTO patrons_block (
  organization_id, patron_id, stops_checkout, stops_renewal, stops_request, reason, until,
  set_by, set_at, lifted_at
)
SELECT
  %(organization)s, planned.subject_id, %(checkout)s, %(renew)s, %(request)s, %(reason)s,
  date(CAST(%(until)s AS text)), %(set_by)s, %(now)s, NULL
FROM ledger_change planned
WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
  AND planned.outcome = %(outcome)s
