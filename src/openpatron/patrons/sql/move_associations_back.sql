-- The associations of one batch go back to where they were, as they were.
UPDATE patrons_association SET
  site_id = %(source)s,
  patron_type_id = CAST(planned.before ->> 'patron_type_id' AS bigint),
  access_level_id = CAST(planned.before ->> 'access_level_id' AS bigint),
  resource_group_id = CAST(planned.before ->> 'resource_group_id' AS bigint),
  homeroom_id = CAST(planned.before ->> 'homeroom_id' AS bigint)
FROM ledger_change planned
WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
  AND planned.outcome = 'applied'
  AND patrons_association.id = CAST(planned.before ->> 'id' AS bigint)
