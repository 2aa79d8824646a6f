-- Who is selected: for the plan, from the associations with that site; when it is applied, from its
-- rows, and then patron.id is NULL for those who are no longer selected.
FROM {source}
{join} patrons_patron patron ON patron.id = source.patron_id AND {whose} = %(value)s
