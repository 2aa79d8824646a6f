-- The loans that the planned rows of a batch are about, as they are now: what was told of a loan for
-- its day is not told again.
SELECT planned.id AS change_id, open_loan.id, open_loan.due_on, {step} AS step
FROM ledger_change planned
JOIN circulation_loan open_loan
  ON open_loan.patron_id = planned.subject_id AND open_loan.closed_at IS NULL
  AND open_loan.state = 'open'
  AND open_loan.site_id = CAST(planned.after ->> 'site_id' AS bigint)
  AND open_loan.due_on >= date(%(first_day)s) AND open_loan.due_on <= date(%(last_day)s)
  AND {step} = CAST(planned.after ->> 'step' AS integer)
LEFT JOIN circulation_loanreminder reminder
  ON reminder.loan_id = open_loan.id AND reminder.due_on = open_loan.due_on
WHERE planned.job_id = %(job)s AND planned.id > %(first)s AND planned.id <= %(last)s
  AND planned.outcome = 'planned'
  AND COALESCE(reminder.step, 0) < {step}
