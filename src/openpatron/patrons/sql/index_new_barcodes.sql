-- The search box finds a patron by the number that was just given.
UPDATE patrons_patron SET search_text = search_text || ' ' || lower((
  SELECT planned.after ->> 'barcode' FROM ledger_change planned
  WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
    AND planned.outcome = 'planned' AND planned.subject_id = patrons_patron.id
))
WHERE id IN (
  SELECT planned.subject_id FROM ledger_change planned
  WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
    AND planned.outcome = 'planned' AND planned.reason <> ''
)
