-- The highest number ever given at the site within its pattern and range, and the highest that a
-- job's plan keeps there.
SELECT
  (SELECT MAX(number) FROM patrons_barcode
   WHERE site_id = %(target)s AND number BETWEEN %(first)s AND %(last_number)s),
  (SELECT MAX({number}) FROM ledger_change planned
   WHERE planned.job_id = %(job)s AND planned.outcome = 'planned')
