-- Before the associations of one batch move: each change keeps what its patron's is now.
UPDATE ledger_change SET
  before = JSON_OBJECT(
    'barcode', ledger_change.before ->> 'barcode', 'site', CAST(%(source_short)s AS text), {kept}
  )
FROM patrons_association tie
WHERE tie.patron_id = ledger_change.subject_id AND tie.site_id = %(source)s
  AND ledger_change.job_id = %(job)s AND ledger_change.id > %(after)s
  AND ledger_change.id <= %(last)s AND ledger_change.outcome = 'planned'
