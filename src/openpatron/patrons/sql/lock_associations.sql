-- A hand edit that is under way finishes first, so that the undo sees it. (Each row is looked up
-- by itself; a join would leave it to old statistics whether the whole site is read instead.)
SELECT COUNT(*) FROM (
  SELECT 1 FROM patrons_association
  WHERE id IN (
    SELECT (
      SELECT added.id FROM patrons_association added
      WHERE added.patron_id = planned.subject_id AND added.site_id = %(target)s
    )
    FROM ledger_change planned
    WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
      AND planned.outcome = 'applied'
  )
  ORDER BY patron_id FOR_UPDATE
) AS locked
