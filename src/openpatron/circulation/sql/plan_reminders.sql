-- One batch of the plan: a row for each patron, site and step, with how many loans it is about.
INSERT INTO ledger_change (
  organization_id, job_id, subject_kind, subject_id, outcome, reason, notable,
  before, after, actor, way, at
)
SELECT
  %(organization)s, %(job)s, 'patron', loans.patron_id, 'planned', '', FALSE, JSON_OBJECT(),
  JSON_OBJECT(
    'kind', {kind}, 'step', loans.step, 'site', MIN(site.name), 'site_id', loans.site_id,
    'loans', COUNT(*)
  ), NULL, %(way)s, %(now)s
FROM (
  {loans}
) AS loans
JOIN organizations_site site ON site.id = loans.site_id
GROUP BY loans.patron_id, loans.site_id, loans.step
ORDER BY loans.patron_id, loans.site_id, loans.step
