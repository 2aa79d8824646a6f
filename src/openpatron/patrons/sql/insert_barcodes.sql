-- A retired number of the patron's own comes back to life; anybody else's stays in the way, and
-- then the row count says so.
INSERT INTO patrons_barcode (organization_id, patron_id, site_id, value, state, number)
SELECT
  %(organization)s, planned.subject_id, %(target)s, planned.after ->> 'barcode', 'current',
  {number}
FROM ledger_change planned
WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
  AND planned.outcome = 'planned'
ORDER BY planned.id
ON CONFLICT (organization_id, value, site_id) DO UPDATE SET state = 'current'
WHERE patrons_barcode.patron_id = excluded.patron_id
  AND patrons_barcode.state IN ('current', 'retired')
