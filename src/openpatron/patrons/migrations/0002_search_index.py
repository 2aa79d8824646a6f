"""The index behind the search box, see ``_search_index``."""

from django.db import migrations

from ._search_index import create, drop


class Migration(migrations.Migration):
    dependencies = [("patrons", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
