"""The permissions on jobs."""

from django.utils.translation import gettext_lazy as _

from openpatron.access.registry import declare

declare("ledger.view_jobs", _("See the jobs"), organization_wide=True)
