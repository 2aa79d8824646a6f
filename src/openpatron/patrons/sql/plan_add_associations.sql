-- One batch of the plan: the next patrons of the selection become planned or skipped changes.
INSERT INTO ledger_change (
  organization_id, job_id, subject_kind, subject_id, outcome, reason, notable,
  before, after, actor, way, at
)
SELECT
  %(organization)s, %(job)s, 'patron', selected.patron_id, selected.outcome, selected.reason,
  selected.reason <> '',
  {before},
  JSON_OBJECT(
    'site', CAST(%(site_name)s AS text),
    'patron_type', CAST(%(patron_type_name)s AS text),
    'access_level', CAST(%(access_level_name)s AS text),
    'resource_group', CAST(%(resource_group_name)s AS text),
    'barcode', selected.new_barcode
  ),
  NULL, %(way)s, %(now)s
FROM (
  {associations_to_add}
) AS selected
ORDER BY selected.place
LIMIT %(rows)s
