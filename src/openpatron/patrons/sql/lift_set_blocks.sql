-- An undo lifts the very blocks that the job set, no others.
UPDATE patrons_block SET lifted_at = %(now)s
FROM ledger_change planned
WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
  AND planned.outcome = %(outcome)s
  AND patrons_block.patron_id = planned.subject_id AND patrons_block.set_at = planned.at
  AND patrons_block.reason = %(reason)s AND patrons_block.lifted_at IS NULL
