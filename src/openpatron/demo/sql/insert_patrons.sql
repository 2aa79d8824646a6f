INSERT INTO patrons_patron (
  id, organization_id, account_id, district_id, status, grade_level, graduation_year, expires_on,
  search_text, sort_name
)
SELECT
  CAST(%(first_patron)s AS bigint) + demo_person.person, %(organization)s,
  CAST(%(first_account)s AS bigint) + demo_person.person, district_id, status, %(grade_level)s,
  %(graduation_year)s, expires_on, demo_name.search_text || ' ' || codes, sort_name
FROM demo_person
JOIN demo_name ON demo_name.id = demo_person.name
ORDER BY demo_person.person
