"""The permissions on patrons."""

from django.utils.translation import gettext_lazy as _

from openpatron.access.registry import declare

declare("patrons.view", _("See patrons"))
declare("patrons.edit", _("Edit patrons"))
declare("patrons.manage_district", _("Manage patrons for the district"), organization_wide=True)
