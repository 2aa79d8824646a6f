-- One message for each planned row of a batch, with its items in the order of their days.
SELECT told.patron_id, told.site_id, told.kind, JSON_ROWS(
  JSON_OBJECT(
    'title', told.title, 'author', told.author, 'barcode', told.barcode, 'due_on', told.due
  )
) AS items
FROM (
  SELECT still.change_id, still.patron_id, still.site_id, still.kind, item.title, item.author,
    item.barcode, CAST(still.due_on AS text) AS due
  FROM (
    {planned}
  ) AS still
  JOIN circulation_item item ON item.id = still.item_id
  ORDER BY still.change_id, still.due_on, still.id
) AS told
GROUP BY told.change_id, told.patron_id, told.site_id, told.kind
