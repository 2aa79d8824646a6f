-- The associations that a job removed come back as they were: the row count tells.
INSERT INTO patrons_association (
  id, organization_id, patron_id, site_id, patron_type_id, access_level_id, resource_group_id,
  homeroom_id, is_primary
)
SELECT
  CAST(planned.before ->> 'id' AS bigint), %(organization)s, planned.subject_id, %(source)s,
  CAST(planned.before ->> 'patron_type_id' AS bigint),
  CAST(planned.before ->> 'access_level_id' AS bigint),
  CAST(planned.before ->> 'resource_group_id' AS bigint),
  CAST(planned.before ->> 'homeroom_id' AS bigint),
  (planned.before ->> 'primary_site') IS NOT NULL
FROM ledger_change planned
WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
  AND planned.outcome = %(outcome)s
ON CONFLICT (patron_id, site_id) DO NOTHING
