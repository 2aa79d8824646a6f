-- The last of the next patrons who are to be told something, and how many they are.
SELECT MAX(patron_id), COUNT(*) FROM (
  SELECT DISTINCT patron_id FROM (
    {loans}
  ) AS loans
  ORDER BY patron_id LIMIT %(rows)s
) AS patrons
