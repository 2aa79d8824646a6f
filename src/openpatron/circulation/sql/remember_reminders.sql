-- Notes which loans the planned rows of a batch tell of.
INSERT INTO circulation_loanreminder (organization_id, loan_id, due_on, step, told_by)
SELECT %(organization)s, still.id, still.due_on, still.step, still.change_id
FROM (
  {planned}
) AS still
WHERE TRUE
ON CONFLICT (loan_id) DO UPDATE
SET due_on = excluded.due_on, step = excluded.step, told_by = excluded.told_by
