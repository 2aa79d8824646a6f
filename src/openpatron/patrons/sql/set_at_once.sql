-- Writes the fields of those patrons of one batch who are selected still, and still what the plan
-- saw: the row count tells whether all are.
UPDATE {table} SET {values}
FROM (
  SELECT patron.id AS id, {columns}
  FROM {people}
  WHERE {rows} AND patron.id IS NOT NULL AND {was} = planned.before
) AS found
WHERE {table}.id = found.id
