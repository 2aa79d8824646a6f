-- Where access levels were given to an account: by associations, then by roles that last.
-- The caller says which patron records (p) count. Everywhere or not, site, the level's permissions and
-- grants, the resource group's permissions.
SELECT FALSE, a.site_id, l.permissions, l.grants, g.permissions
FROM patrons_patron p
JOIN patrons_association a ON a.patron_id = p.id
JOIN access_accesslevel l ON l.id = a.access_level_id
LEFT JOIN access_resourcegroup g ON g.id = a.resource_group_id
WHERE p.organization_id = %(organization)s AND p.account_id = %(account)s AND {who}
UNION ALL
SELECT r.is_organization_wide, s.site_id, l.permissions, l.grants, NULL
FROM patrons_patron p
JOIN patrons_staffrole r ON r.patron_id = p.id
JOIN access_accesslevel l ON l.id = r.access_level_id
LEFT JOIN patrons_staffrole_sites s ON s.staffrole_id = r.id
WHERE p.organization_id = %(organization)s AND p.account_id = %(account)s AND {who}
    AND (r.ends_on IS NULL OR r.ends_on >= date(%(today)s))
