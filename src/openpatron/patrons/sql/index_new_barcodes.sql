-- The search box finds a patron by the number that was just given.
UPDATE patrons_patron SET search_text = search_text || ' ' || lower(planned.barcode)
FROM (
  SELECT subject_id AS patron_id, after ->> 'barcode' AS barcode
  FROM ledger_change
  WHERE job_id = %(job)s AND id > %(after)s AND id <= %(last)s
    AND notable AND outcome = 'planned' AND reason NOT IN ('', 'held')
) AS planned
WHERE patrons_patron.id = planned.patron_id
