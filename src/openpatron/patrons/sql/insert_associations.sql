INSERT INTO patrons_association (
  organization_id, patron_id, site_id, patron_type_id, access_level_id, resource_group_id,
  homeroom_id, is_primary
)
SELECT
  %(organization)s, planned.subject_id, %(target)s, %(patron_type)s, %(access_level)s,
  %(resource_group)s, NULL, FALSE
FROM ledger_change planned
WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
  AND planned.outcome = 'planned'
ORDER BY planned.id
ON CONFLICT (patron_id, site_id) DO NOTHING
