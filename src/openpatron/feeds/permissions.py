"""The permissions on sources and feeds."""

from django.utils.translation import gettext_lazy as _

from openpatron.access.registry import declare

MANAGE = "feeds.manage"

declare(MANAGE, _("Manage sources and run feeds"), organization_wide=True)
