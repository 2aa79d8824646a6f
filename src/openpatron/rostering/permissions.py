"""The permissions on homerooms and synchronization."""

from django.utils.translation import gettext_lazy as _

from openpatron.access.registry import declare

MANAGE = "rostering.manage"
MANAGE_TARGETS = "rostering.manage_targets"

declare(MANAGE, _("Manage homerooms and their synchronization"))
declare(MANAGE_TARGETS, _("Manage the platforms that receive accounts"), organization_wide=True)
