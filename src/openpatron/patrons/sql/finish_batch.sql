UPDATE ledger_change SET outcome = 'applied', at = %(now)s
WHERE UNINDEXED(job_id) = %(job)s AND id > %(after)s AND id <= %(last)s AND outcome = 'planned'
