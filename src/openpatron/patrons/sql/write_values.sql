-- Before and after of many changes, which are known only when they are done: [{"id", "before", …}].
UPDATE ledger_change SET before = found.before, after = found.after
FROM (
  SELECT CAST(value ->> 'id' AS bigint) AS id, value -> 'before' AS before, value -> 'after' AS after
  FROM JSON_EACH(%(rows)s)
) AS found
WHERE ledger_change.id = found.id
