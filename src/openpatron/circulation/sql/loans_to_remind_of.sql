-- The open loans of which something is to be told: patron, site, and which step it is (1: due soon,
-- 2 to 4: overdue). What was told of a loan for its day is not told again, nor what comes before.
SELECT loan.id, loan.patron_id, loan.site_id, loan.item_id, loan.due_on, loan.step
FROM (
  SELECT open_loan.*, {step} AS step
  FROM circulation_loan open_loan
  WHERE open_loan.organization_id = %(organization)s AND open_loan.closed_at IS NULL
    AND open_loan.state = 'open' AND open_loan.patron_id IS NOT NULL
    AND open_loan.due_on >= date(%(first_day)s) AND open_loan.due_on <= date(%(last_day)s)
    AND {rows}
) AS loan
LEFT JOIN circulation_loanreminder reminder
  ON reminder.loan_id = loan.id AND reminder.due_on = loan.due_on
WHERE loan.step IS NOT NULL AND COALESCE(reminder.step, 0) < loan.step
