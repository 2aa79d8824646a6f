"""The right to connect the reading community, see ``_rights``."""

from django.db import migrations

from ._rights import give


class Migration(migrations.Migration):
    """Changes rows, not tables."""

    dependencies = [
        ("reading", "0001_initial"),
        ("administration", "0002_rights_of_desk_and_feeds"),
    ]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
