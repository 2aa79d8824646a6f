-- Who is to be told of the expiry, of which kind, and the day: nobody twice of the same day.
SELECT found.id, found.kind, found.day
FROM (
  SELECT patron.id, CAST(patron.expires_on AS text) AS day,
    CASE WHEN patron.expires_on < date(%(today)s) THEN 'expired' ELSE 'expiring' END AS kind
  FROM patrons_patron patron
  WHERE patron.organization_id = %(organization)s AND patron.id > %(after)s
    AND (
      (%(tells_expiring)s = 1 AND patron.status = 'active'
        AND patron.expires_on >= date(%(today)s) AND patron.expires_on <= date(%(until)s))
      OR (%(tells_expired)s = 1
        AND patron.expires_on < date(%(today)s) AND patron.expires_on >= date(%(since)s))
    )
) AS found
WHERE NOT EXISTS (
  SELECT 1 FROM notifications_message sent
  WHERE sent.organization_id = %(organization)s AND sent.patron_id = found.id
    AND sent.kind = found.kind AND sent."values" ->> 'day' = found.day
)
