-- Where the batches of a plan end: the last patron of each who is to be told something, and how many
-- patrons there are up to there. Asked once, as each answer looks at all loans that are due.
SELECT patron_id, place FROM (
  SELECT patron_id, ROW_NUMBER() OVER (ORDER BY patron_id) AS place, COUNT(*) OVER () AS patrons
  FROM (
    SELECT DISTINCT patron_id FROM (
      {loans}
    ) AS loans
  ) AS whom
) AS numbered
WHERE place %% %(rows)s = 0 OR place = patrons
ORDER BY place
