-- What a patron has: open loans (all, of the site, overdue), open requests (all, ready), what is owed, and
-- in which currency.
SELECT loans.n, loans.here, loans.late, asked.n, asked.ready, fees.owed,
  (SELECT currency FROM organizations_organization WHERE id = %(organization)s)
FROM (
  SELECT COUNT(*) AS n, COUNT(CASE WHEN site_id = %(site)s THEN 1 END) AS here,
    COUNT(CASE WHEN due_on < date(%(today)s) THEN 1 END) AS late
  FROM circulation_loan
  WHERE organization_id = %(organization)s AND patron_id = %(patron)s AND closed_at IS NULL
) AS loans
CROSS JOIN (
  SELECT COUNT(*) AS n, COUNT(CASE WHEN state = 'ready' THEN 1 END) AS ready
  FROM circulation_request
  WHERE organization_id = %(organization)s AND patron_id = %(patron)s AND closed_at IS NULL
) AS asked
CROSS JOIN (
  SELECT COALESCE(SUM(owed), 0) AS owed
  FROM circulation_fee
  WHERE organization_id = %(organization)s AND patron_id = %(patron)s AND owed > 0
) AS fees
