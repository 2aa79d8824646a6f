-- Writes the fields of the patrons of one batch: what is to be, or (undone) what was.
UPDATE {table} SET {values}
FROM ledger_change planned
WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
  AND planned.outcome = %(outcome)s AND {whom}
