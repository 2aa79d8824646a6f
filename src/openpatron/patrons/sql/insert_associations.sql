-- The planned rows of one batch, as far as their patrons are still selected: the row count tells.
-- What else may be in the way shows when the rows are written.
INSERT INTO patrons_association (
  organization_id, patron_id, site_id, patron_type_id, access_level_id, resource_group_id,
  homeroom_id, is_primary
)
SELECT
  %(organization)s, planned.subject_id, %(target)s, %(patron_type)s, %(access_level)s,
  %(resource_group)s, NULL, FALSE
{selected_patrons}
WHERE {rows} AND patron.id IS NOT NULL
ORDER BY planned.id
ON CONFLICT (patron_id, site_id) DO NOTHING
