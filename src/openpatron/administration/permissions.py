"""The permissions on what an organization decides for itself."""

from django.utils.translation import gettext_lazy as _

from openpatron.access.registry import declare

MANAGE = "administration.manage"
MANAGE_LEVELS = "administration.manage_levels"

declare(MANAGE, _("Manage settings, patron types and templates"), organization_wide=True)
declare(MANAGE_LEVELS, _("Manage access levels"), organization_wide=True)
