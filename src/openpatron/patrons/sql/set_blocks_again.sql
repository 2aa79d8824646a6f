-- An undo sets the very blocks again that the job lifted, no others.
UPDATE patrons_block SET lifted_at = NULL
FROM ledger_change planned
WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
  AND planned.outcome = %(outcome)s
  AND patrons_block.patron_id = planned.subject_id AND patrons_block.lifted_at = planned.at
