-- Puts a message for each patron of a batch into the outbox, made of values: by e-mail to the
-- account's address and the additional one, or as a letter to the site. What patrons/messages.py
-- does for one patron.
--
-- "about" yields patron_id, site_id, kind, and what the message's values are made of.
INSERT INTO notifications_message (
  organization_id, site_id, account_id, patron_id, kind, way, place, "to", subject, body, "values",
  language, missed_language, state, message_id, parcel, attempts, next_try_at, created_at, sent_at,
  error, lease_token, lease_until
)
SELECT
  %(organization)s, about.site_id, patron.account_id, patron.id, about.kind,
  CASE place.name WHEN 'site' THEN 'letter' ELSE 'email' END, place.name,
  CASE place.name
    WHEN 'main' THEN account.email
    WHEN 'additional' THEN patron.additional_email
    ELSE COALESCE(site.email, '')
  END,
  '', '',
  CASE place.name
    WHEN 'site' THEN JSON_OBJECT({values}, 'letter', CASE
      WHEN patron.second_street <> '' AND (
        account.street = '' OR (
          COALESCE(patron.letters_to = 'second', %(to_second)s = 1)
          AND COALESCE(patron.second_from <= date(%(today)s), TRUE)
          AND COALESCE(patron.second_until >= date(%(today)s), TRUE)
        )
      )
      THEN JSON_OBJECT(
        'street', patron.second_street, 'postal_code', patron.second_postal_code,
        'city', patron.second_city, 'country', patron.second_country, 'card', {card})
      ELSE JSON_OBJECT(
        'street', account.street, 'postal_code', account.postal_code,
        'city', account.city, 'country', account.country, 'card', {card})
      END)
    ELSE JSON_OBJECT({values})
  END,
  COALESCE(NULLIF(patron.language, ''), NULLIF(account.language, ''), %(language)s), '',
  CASE WHEN place.name = 'site' AND COALESCE(site.email, '') = ''
    THEN 'undeliverable' ELSE 'waiting' END,
  '<' || RANDOM_HEX() || '@' || %(domain)s || '>', '', 0,
  CASE place.name WHEN 'site' THEN %(letters_at)s ELSE %(now)s END, %(now)s, NULL,
  CASE
    WHEN place.name <> 'site' OR COALESCE(site.email, '') <> '' THEN ''
    WHEN site.id IS NULL THEN %(no_site)s
    ELSE replace(%(no_address)s, '{site}', site.name)
  END,
  '', NULL
FROM (
  {about}
) AS about
JOIN patrons_patron patron ON patron.id = about.patron_id
JOIN accounts_account account ON account.id = patron.account_id
LEFT JOIN organizations_site site ON site.id = about.site_id
JOIN (SELECT 'main' AS name UNION ALL SELECT 'additional' UNION ALL SELECT 'site') AS place
  ON CASE place.name
    WHEN 'main' THEN NOT patron.wants_mail AND account.email <> ''
    WHEN 'additional' THEN NOT patron.wants_mail AND patron.additional_email <> ''
      AND lower(patron.additional_email) <> lower(account.email)
    ELSE patron.wants_mail OR (account.email = '' AND patron.additional_email = '')
  END
ORDER BY patron.id, about.kind, place.name
