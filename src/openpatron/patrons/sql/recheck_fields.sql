-- Sets right those planned rows of one batch that are no longer what the plan says. The patrons are
-- locked: what is found here holds until the batch is written.
UPDATE ledger_change SET
  outcome = CASE
    WHEN found.patron_id IS NULL THEN CASE WHEN found.lives THEN 'skipped' ELSE 'failed' END
    WHEN found.reason = '' THEN 'planned'
    WHEN found.reason = 'unchanged' OR substr(found.reason, 1, 6) = 'owned:' THEN 'skipped'
    ELSE 'failed'
  END,
  reason = CASE
    WHEN found.patron_id IS NULL THEN CASE WHEN found.lives THEN 'no_longer_selected' ELSE 'gone' END
    ELSE found.reason
  END,
  notable = (found.patron_id IS NULL OR found.reason <> ''),
  before = CASE WHEN found.patron_id IS NULL THEN before ELSE found.was END,
  after = CASE WHEN found.patron_id IS NULL THEN after ELSE found.becomes END
FROM (
  {decided_fields}
) AS found
WHERE ledger_change.id = found.change_id
  AND (
    found.patron_id IS NULL OR found.reason <> ''
    OR found.was <> ledger_change.before OR found.becomes <> ledger_change.after
  )
