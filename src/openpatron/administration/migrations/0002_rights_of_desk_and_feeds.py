"""Levels that held every right and may grant every level get those that came with this version.

Nobody grants a right that they do not hold: without this nobody but the operator could.
"""

from django.db import migrations

_OLD = {
    "administration.manage", "administration.manage_levels", "ledger.view_jobs",
    "notifications.view", "organizations.view_home", "organizations.view_sites", "patrons.block",
    "patrons.edit", "patrons.manage_district", "patrons.manage_staff", "patrons.override",
    "patrons.register", "patrons.remove", "patrons.serve", "patrons.view",
}  # fmt: skip
_NEW = (
    "circulation.extend_loans", "circulation.manage_fees", "circulation.manage_items",
    "circulation.serve", "feeds.manage", "patrons.open_external", "rostering.manage",
    "rostering.manage_targets",
)  # fmt: skip


def give(apps, schema_editor):
    """Add what is missing."""
    for level in apps.get_model("access", "AccessLevel").objects.all():
        missing = [name for name in _NEW if name not in level.permissions]
        if "*" in level.grants and missing and _OLD.issubset(level.permissions):
            level.permissions = [*level.permissions, *missing]
            level.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    """Changes rows, not tables."""

    dependencies = [("administration", "0001_rights_for_full_rights")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
