"""The permissions at the desk."""

from django.utils.translation import gettext_lazy as _

from openpatron.access.registry import declare

SERVE = "circulation.serve"
MANAGE_FEES = "circulation.manage_fees"
MANAGE_ITEMS = "circulation.manage_items"
EXTEND = "circulation.extend_loans"

declare(SERVE, _("Lend and take back at the desk"))
declare(MANAGE_FEES, _("Charge, take and waive fees"))
declare(MANAGE_ITEMS, _("Manage items and closing days"))
declare(EXTEND, _("Extend a loan beyond the patron's expiry"))
