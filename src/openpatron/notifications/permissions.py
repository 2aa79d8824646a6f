"""The permissions on messages."""

from django.utils.translation import gettext_lazy as _

from openpatron.access.registry import declare

declare("notifications.view", _("See messages to patrons"))
