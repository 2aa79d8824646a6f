-- The highest number that a job's plan keeps, where both sites have the same pattern: down the
-- numbers of the site of the selection to the first that is kept.
SELECT card.number FROM patrons_barcode card
WHERE card.site_id = %(source)s AND card.number <= %(last_number)s AND card.state = 'current'
  AND EXISTS (
    SELECT 1 FROM ledger_change kept
    WHERE kept.organization_id = %(organization)s AND kept.subject_kind = 'patron'
      AND kept.subject_id = card.patron_id AND kept.job_id = %(job)s
      AND kept.outcome = 'planned' AND kept.reason = ''
  )
ORDER BY card.number DESC LIMIT 1
