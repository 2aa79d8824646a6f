-- Whose primary association was removed gets their oldest other one as the primary.
UPDATE patrons_association SET is_primary = TRUE WHERE id IN (
  SELECT (
    SELECT MIN(heir.id) FROM patrons_association heir WHERE heir.patron_id = planned.subject_id
  )
  FROM ledger_change planned
  WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
    AND planned.outcome = %(outcome)s AND (planned.before ->> 'primary_site') IS NOT NULL
)
