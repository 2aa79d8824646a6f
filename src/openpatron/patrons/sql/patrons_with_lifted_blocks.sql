-- How many patrons of one batch have a block that was lifted at that moment.
SELECT COUNT(*) FROM ledger_change planned
WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
  AND planned.outcome = %(outcome)s
  AND EXISTS (
    SELECT 1 FROM patrons_block block
    WHERE block.patron_id = planned.subject_id AND block.lifted_at = {moment}
  )
