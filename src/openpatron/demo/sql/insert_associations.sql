INSERT INTO patrons_association (
  organization_id, patron_id, site_id, patron_type_id, access_level_id, resource_group_id,
  homeroom_id, is_primary
)
SELECT
  %(organization)s, CAST(%(first_patron)s AS bigint) + person, %(site)s, %(patron_type)s,
  access_level, resource_group, homeroom, TRUE
FROM demo_person
ORDER BY person
