-- What a change of fields means for each selected patron: the one place that decides it, for the
-- plan and again when the plan is applied.
--
-- Yields patron_id, reason ('' where there is something to do), and the fields as they are (was)
-- and as they are to be (becomes).
SELECT {columns} patron.id AS patron_id, {reason} AS reason, {was} AS was, {becomes} AS becomes
FROM {people}
WHERE {rows}
