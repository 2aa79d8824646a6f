-- One message for each planned row of a batch, with its items in the order of their days.
SELECT told.patron_id, told.site_id, told.kind, JSON_ROWS(
  JSON_OBJECT(
    'title', told.title, 'author', told.author, 'barcode', told.barcode, 'due_on', told.due
  )
) AS items
FROM (
  SELECT planned.id AS change_id, planned.subject_id AS patron_id,
    CAST(planned.after ->> 'site_id' AS bigint) AS site_id, planned.after ->> 'kind' AS kind,
    item.title, item.author, item.barcode, CAST(reminder.due_on AS text) AS due
  FROM ledger_change planned
  JOIN circulation_loanreminder reminder ON reminder.told_by = planned.id
  JOIN circulation_loan loan ON loan.id = reminder.loan_id
  JOIN circulation_item item ON item.id = loan.item_id
  WHERE planned.job_id = %(job)s AND planned.id > %(first)s AND planned.id <= %(last)s
    AND planned.outcome = 'planned'
  ORDER BY planned.id, reminder.due_on, loan.id
) AS told
GROUP BY told.change_id, told.patron_id, told.site_id, told.kind
