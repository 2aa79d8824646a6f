-- The highest running number of a place that the planned rows of a run are to get.
SELECT MAX({number}) FROM (
  SELECT after ->> 'barcode' AS barcode FROM ledger_change
  WHERE job_id = %(job)s AND outcome = 'planned' AND COALESCE(after ->> 'barcode', '') <> ''
    AND (%(wide)s OR (after -> '_feed' ->> 'at') = %(site)s)
) AS planned
