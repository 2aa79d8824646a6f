-- Sets aside the planned rows of a batch whose patron does not expire on that day any more.
UPDATE ledger_change SET outcome = 'skipped', reason = 'no_longer_selected', notable = TRUE
WHERE job_id = %(job)s AND id > %(first)s AND id <= %(last)s AND outcome = 'planned'
  AND NOT EXISTS (
    SELECT 1 FROM patrons_patron patron WHERE patron.id = ledger_change.subject_id
      AND CAST(patron.expires_on AS text) = ledger_change.after ->> 'day'
  )
