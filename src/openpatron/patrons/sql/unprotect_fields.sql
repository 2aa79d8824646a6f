-- Takes away the protections that a batch made: they share their moment with their change.
DELETE FROM patrons_protection
WHERE (field = %(field)s OR field LIKE %(field)s || '@%%') AND EXISTS (
  SELECT 1 FROM ledger_change planned
  WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
    AND planned.outcome = %(outcome)s AND planned.subject_id = patrons_protection.patron_id
    AND planned.at = patrons_protection.protected_at
)
