INSERT INTO patrons_barcode (organization_id, patron_id, site_id, value, state, number)
SELECT
  %(organization)s, CAST(%(first_patron)s AS bigint) + person, %(site)s, value, 'current', number
FROM demo_person
ORDER BY person
