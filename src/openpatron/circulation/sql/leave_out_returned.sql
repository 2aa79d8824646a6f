-- Sets aside the planned rows of a batch of which no loan is left to tell of.
UPDATE ledger_change SET outcome = 'skipped', reason = 'no_longer_selected', notable = TRUE
WHERE job_id = %(job)s AND id > %(first)s AND id <= %(last)s AND outcome = 'planned'
  AND id NOT IN (
    SELECT change_id FROM (
      {planned}
    ) AS still
  )
