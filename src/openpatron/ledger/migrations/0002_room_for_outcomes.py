"""Room beside each change, see ``_room_for_outcomes``."""

from django.db import migrations

from ._room_for_outcomes import leave_room


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunPython(leave_room, migrations.RunPython.noop)]
