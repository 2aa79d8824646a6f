UPDATE ledger_change SET outcome = 'undone'
WHERE job_id = %(job)s AND id > %(after)s AND id <= %(last)s AND outcome = 'applied'
