-- The blocks of the patrons of one batch are lifted, at the moment that the changes get as theirs.
UPDATE patrons_block AS block SET lifted_at = %(now)s
WHERE {open} AND block.patron_id IN (
  SELECT planned.subject_id FROM ledger_change planned
  WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
    AND planned.outcome = %(outcome)s
)
