-- The outcomes of rows that a batch has applied, and the patrons that it made.
UPDATE ledger_change SET
  outcome = 'applied', at = %(now)s, subject_kind = 'patron', subject_id = found.patron
FROM (
  SELECT CAST(value ->> 'id' AS bigint) AS id, CAST(value ->> 'patron' AS bigint) AS patron
  FROM JSON_EACH(%(rows)s)
) AS found
WHERE ledger_change.id = found.id
