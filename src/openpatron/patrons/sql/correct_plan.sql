-- Writes what the recheck found, [[change id, old barcode, new barcode, reason], …], into the plan.
UPDATE ledger_change SET
  reason = found.reason,
  notable = TRUE,
  before = JSON_OBJECT('barcode', found.old_barcode),
  after = JSON_OBJECT(
    'site', CAST(%(site_name)s AS text),
    'patron_type', CAST(%(patron_type_name)s AS text),
    'access_level', CAST(%(access_level_name)s AS text),
    'resource_group', CAST(%(resource_group_name)s AS text),
    'barcode', found.new_barcode
  )
FROM (
  SELECT
    CAST(value ->> 0 AS bigint) AS id, value ->> 1 AS old_barcode,
    value ->> 2 AS new_barcode, value ->> 3 AS reason
  FROM JSON_EACH(%(found)s)
) AS found
WHERE ledger_change.id = found.id
