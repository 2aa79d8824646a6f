-- Sets aside the planned rows of a batch of which no loan is left to tell of.
UPDATE ledger_change SET outcome = 'skipped', reason = 'no_longer_selected', notable = TRUE
WHERE job_id = %(job)s AND id > %(first)s AND id <= %(last)s AND outcome = 'planned'
  AND NOT EXISTS (
    SELECT 1 FROM circulation_loanreminder reminder WHERE reminder.told_by = ledger_change.id
  )
