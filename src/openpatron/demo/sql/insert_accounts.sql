INSERT INTO accounts_account (
  id, password, username, email, first_name, middle_name, last_name, preferred_name,
  language, is_active, created_at
)
SELECT
  CAST(%(first_account)s AS bigint) + demo_person.person, %(password)s, username, email,
  first_name, middle_name, last_name, preferred_name, '', TRUE, %(created_at)s
FROM demo_person
JOIN demo_name ON demo_name.id = demo_person.name
ORDER BY demo_person.person
