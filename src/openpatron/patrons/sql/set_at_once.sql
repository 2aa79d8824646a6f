-- Writes the fields of those patrons of one batch who are selected still, and still what the plan
-- saw: the row count tells whether all are.
UPDATE patrons_patron AS patron SET {values}
WHERE patron.id IN (
  SELECT patron.id
  FROM {people}
  WHERE {rows} AND {was} = planned.before
  {order}
)
