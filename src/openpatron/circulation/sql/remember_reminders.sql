-- Notes what is told of the loans of a batch.
INSERT INTO circulation_loanreminder (organization_id, loan_id, due_on, step)
SELECT %(organization)s, still.id, still.due_on, still.step
FROM (
  {planned}
) AS still
WHERE TRUE
ON CONFLICT (loan_id) DO UPDATE SET due_on = excluded.due_on, step = excluded.step
