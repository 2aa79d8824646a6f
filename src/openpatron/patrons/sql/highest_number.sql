-- The highest number ever given at the site within its pattern and range, and the highest that a
-- job's plan keeps or gives there.
SELECT
  (SELECT MAX(number) FROM patrons_barcode
   WHERE site_id = %(target)s AND number BETWEEN %(first)s AND %(last_number)s),
  ({kept}),
  (SELECT MAX({number}) FROM (
     SELECT after ->> 'barcode' AS barcode FROM ledger_change
     WHERE job_id = %(job)s AND outcome = 'planned' AND {notable}
     -- The limit changes nothing, but that each value is read out of its JSON only once.
     LIMIT 9223372036854775807
   ) AS planned)
