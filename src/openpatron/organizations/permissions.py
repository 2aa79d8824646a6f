"""The permissions on an organization's own pages."""

from django.utils.translation import gettext_lazy as _

from openpatron.access.registry import declare

declare("organizations.view_home", _("See the home page"))
declare("organizations.view_sites", _("See the sites"))
