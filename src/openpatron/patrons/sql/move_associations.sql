-- The associations of one batch go to the new site, each staying the primary one or not.
UPDATE patrons_association SET
  site_id = %(target)s, patron_type_id = %(patron_type)s, access_level_id = %(access_level)s,
  resource_group_id = %(resource_group)s, homeroom_id = NULL
WHERE site_id = %(source)s AND id IN (
  SELECT CAST(planned.before ->> 'id' AS bigint) FROM ledger_change planned
  WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
    AND planned.outcome = 'planned'
)
