-- Before an undo: the rows whose patron's field somebody has changed since are left as they are, and
-- so are those whose earlier value cannot be put back.
UPDATE ledger_change SET
  outcome = 'left', notable = TRUE,
  reason = CASE
    WHEN NOT EXISTS (SELECT 1 FROM patrons_patron p WHERE p.id = subject_id) THEN 'gone'
    WHEN {lost} THEN 'value_gone'
    WHEN {blocked} THEN 'above'
    ELSE 'changed_since'
  END
WHERE job_id = %(job)s AND id > %(after)s AND id <= %(last)s AND outcome = 'applied'
  AND (
    EXISTS (
      SELECT 1 FROM ledger_change later
      WHERE later.organization_id = ledger_change.organization_id
        AND later.subject_kind = 'patron' AND later.subject_id = ledger_change.subject_id
        AND later.id <> ledger_change.id AND later.at > ledger_change.at
        AND later.outcome IN ('applied', 'left')
        AND ({touches})
    )
    OR NOT EXISTS (
      SELECT 1 FROM patrons_patron patron {tie}
      WHERE patron.id = ledger_change.subject_id AND {still}
    )
    OR {lost} OR {blocked}
  )
