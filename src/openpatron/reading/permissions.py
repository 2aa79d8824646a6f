"""The permission on the reading community; all else in it follows from roles that were pulled."""

from django.utils.translation import gettext_lazy as _

from openpatron.access.registry import declare

MANAGE = "reading.manage"

declare(MANAGE, _("Connect the reading community with its provider"), organization_wide=True)
