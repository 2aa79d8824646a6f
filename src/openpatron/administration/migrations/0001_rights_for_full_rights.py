"""Levels that may grant every level get the rights that came with this version.

Nobody grants a right that they do not hold: without this nobody but the operator could.
"""

from django.db import migrations

_NEW = ("patrons.serve", "administration.manage", "administration.manage_levels")


def give(apps, schema_editor):
    """Add what is missing."""
    for level in apps.get_model("access", "AccessLevel").objects.all():
        missing = [name for name in _NEW if name not in level.permissions]
        if "*" in level.grants and missing:
            level.permissions = [*level.permissions, *missing]
            level.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    """Changes rows, not tables."""

    dependencies = [("access", "0002_grants")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
