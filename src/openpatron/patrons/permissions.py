"""The permissions on patrons."""

from django.utils.translation import gettext_lazy as _

from openpatron.access.registry import declare

declare("patrons.view", _("See patrons"))
declare("patrons.edit", _("Edit patrons"))
declare("patrons.register", _("Register patrons"))
declare("patrons.block", _("Block and unblock patrons"))
declare("patrons.serve", _("Serve patrons: notes, cards, renewal of the record"))
declare("patrons.remove", _("Remove patrons"))
declare("patrons.open_external", _("Open external accounts for update"))
declare("patrons.manage_staff", _("Give and end staff roles"))
declare("patrons.override", _("Override what stops a patron"))
declare("patrons.manage_district", _("Manage patrons for the district"), organization_wide=True)
