-- Before an undo: the rows whose patron somebody has changed or used since are left as they are.
UPDATE ledger_change SET
  outcome = 'left', notable = TRUE,
  reason = CASE WHEN EXISTS (SELECT 1 FROM patrons_patron p WHERE p.id = subject_id)
    THEN 'changed_since' ELSE 'gone' END
WHERE job_id = %(job)s AND id > %(after)s AND id <= %(last)s AND outcome = 'applied'
  AND (
    EXISTS (
      SELECT 1 FROM ledger_change later
      WHERE later.organization_id = ledger_change.organization_id
        AND later.subject_kind = 'patron' AND later.subject_id = ledger_change.subject_id
        AND later.id <> ledger_change.id AND later.at > ledger_change.at
        AND later.outcome IN ('applied', 'left')
    )
    OR NOT EXISTS (
      SELECT 1 FROM patrons_association added
      WHERE added.patron_id = ledger_change.subject_id AND added.site_id = %(target)s
        AND added.patron_type_id = %(patron_type)s AND added.access_level_id = %(access_level)s
        AND added.homeroom_id IS NULL AND NOT added.is_primary
    )
  )
