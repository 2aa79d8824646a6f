-- The numbers of one batch, as far as those who keep theirs still hold it: the row count tells.
-- A retired number of the patron's own comes back to life; whatever else stands there stays in
-- the way, and then the row count says so too. When every row was looked at again, a number that
-- the patron has there already is what the plan says.
INSERT INTO patrons_barcode (organization_id, patron_id, site_id, value, state, number)
SELECT %(organization)s, planned.patron_id, %(target)s, planned.barcode, 'current', {number}
FROM (
  SELECT
    subject_id AS patron_id, reason,
    -- Both say which number is kept, and the one is read in half of the time.
    CASE WHEN reason = '' THEN before ->> 'barcode' ELSE after ->> 'barcode' END AS barcode
  FROM ledger_change
  WHERE job_id = %(job)s AND id > %(after)s AND id <= %(last)s AND outcome = 'planned'
  -- The limit changes nothing, but that each value is read out of its JSON only once.
  ORDER BY id LIMIT %(rows)s
) AS planned
LEFT JOIN patrons_barcode card
  ON card.patron_id = planned.patron_id AND card.state = 'current' AND card.site_id = %(source)s
WHERE {rechecked} OR planned.reason <> '' OR card.value = planned.barcode
ON CONFLICT (organization_id, value, site_id) DO UPDATE SET state = 'current'
WHERE patrons_barcode.patron_id = excluded.patron_id
  AND (patrons_barcode.state = 'retired' OR ({rechecked} AND patrons_barcode.state = 'current'))
