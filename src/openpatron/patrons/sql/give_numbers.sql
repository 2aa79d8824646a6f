-- Writes the numbers that were found, [[change id, card number], …], into the plan.
UPDATE ledger_change SET
  after = JSON_OBJECT(
    'site', CAST(%(site_name)s AS text),
    'patron_type', CAST(%(patron_type_name)s AS text),
    'access_level', CAST(%(access_level_name)s AS text),
    'resource_group', CAST(%(resource_group_name)s AS text),
    'barcode', given.value
  )
FROM (
  SELECT CAST(value ->> 0 AS bigint) AS id, value ->> 1 AS value
  FROM JSON_EACH(%(given)s)
) AS given
WHERE ledger_change.id = given.id
