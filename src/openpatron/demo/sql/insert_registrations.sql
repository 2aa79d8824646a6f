INSERT INTO accounts_registration (account_id, organization_id)
SELECT CAST(%(first_account)s AS bigint) + person, %(organization)s
FROM demo_person
ORDER BY person
