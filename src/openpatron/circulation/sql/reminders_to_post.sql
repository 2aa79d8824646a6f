-- One message for each planned row of a batch, with its items in the order of their days. Reminders of
-- another job whose rows lie among those of this batch fall out at the end.
SELECT planned.subject_id AS patron_id, CAST(planned.after ->> 'site_id' AS bigint) AS site_id,
  planned.after ->> 'kind' AS kind, told.items
FROM (
  SELECT lent.told_by, JSON_ROWS(
    JSON_OBJECT(
      'title', lent.title, 'author', lent.author, 'barcode', lent.barcode, 'due_on', lent.due
    )
  ) AS items
  FROM (
    SELECT reminder.told_by, item.title, item.author, item.barcode,
      CAST(reminder.due_on AS text) AS due
    FROM circulation_loanreminder reminder
    JOIN circulation_loan loan ON loan.id = reminder.loan_id
    JOIN circulation_item item ON item.id = loan.item_id
    WHERE reminder.told_by > %(first)s AND reminder.told_by <= %(last)s
    ORDER BY reminder.told_by, reminder.due_on, loan.id
  ) AS lent
  GROUP BY lent.told_by
) AS told
JOIN ledger_change planned ON planned.id = told.told_by
WHERE planned.job_id = %(job)s AND planned.outcome = 'planned'
