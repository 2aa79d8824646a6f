-- Before a primary association comes back: the one that took its place is primary no more.
UPDATE patrons_association SET is_primary = FALSE WHERE is_primary AND patron_id IN (
  SELECT planned.subject_id FROM ledger_change planned
  WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
    AND planned.outcome = %(outcome)s AND (planned.before ->> 'primary_site') IS NOT NULL
)
