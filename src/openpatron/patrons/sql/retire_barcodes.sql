-- The numbers stay taken: nobody else ever gets them. Those held there before stay as they were.
UPDATE patrons_barcode SET state = 'retired' WHERE id IN (
  SELECT (
    SELECT given.id FROM patrons_barcode given
    WHERE given.patron_id = planned.subject_id AND given.site_id = {site}
      AND given.state = 'current'
  )
  FROM ledger_change planned
  WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
    AND planned.outcome = %(outcome)s AND {which}
)
