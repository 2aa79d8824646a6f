"""Levels that held every right and may grant every level get those that came with this version.

Nobody grants a right that they do not hold: without this nobody but the operator could.
"""

from django.db import migrations

_OLD = {
    "ledger.view_jobs", "organizations.view_home", "organizations.view_sites", "patrons.block",
    "patrons.edit", "patrons.manage_district", "patrons.manage_staff", "patrons.override",
    "patrons.register", "patrons.view",
}  # fmt: skip
_NEW = (
    "administration.manage", "administration.manage_levels", "notifications.view",
    "patrons.remove", "patrons.serve",
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

    dependencies = [("access", "0002_grants")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
