DELETE FROM patrons_association WHERE id IN (
  SELECT (
    SELECT added.id FROM patrons_association added
    WHERE added.patron_id = planned.subject_id AND added.site_id = {site}
  )
  FROM ledger_change planned
  WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
    AND planned.outcome = %(outcome)s
)
