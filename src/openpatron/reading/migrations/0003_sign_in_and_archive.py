"""Where people sign in, groups that are put away, whom to ask where, and names to search by."""

from django.db import migrations, models

from openpatron.kernel.text import fold

_BATCH = 500


def fill(apps, schema_editor):
    """Fold the names of those who are there already."""
    people = apps.get_model("reading", "Person").objects
    some = []
    for one in people.order_by("pk").iterator(chunk_size=_BATCH):
        one.search_text = fold(f"{one.given_name} {one.family_name} {one.username}")
        some.append(one)
        if len(some) == _BATCH:
            people.bulk_update(some, ["search_text"])
            some = []
    people.bulk_update(some, ["search_text"])


class Migration(migrations.Migration):
    """Adds columns, and fills one."""

    dependencies = [("reading", "0002_rights")]

    operations = [
        *(
            migrations.AddField("community", name, field)
            for name, field in (
                ("issuer", models.CharField(blank=True, default="", max_length=300)),
                ("sign_in_name", models.CharField(blank=True, default="", max_length=80)),
                ("sign_in_client", models.CharField(blank=True, default="", max_length=200)),
                ("sealed_sign_in_secret", models.TextField(blank=True, default="")),
            )
        ),
        migrations.AddField("group", "archived_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("person", "search_text", models.TextField(blank=True, default="")),
        *(
            migrations.AddField(
                "school", name, models.CharField(blank=True, default="", max_length=200)
            )
            for name in ("contact_address", "library_address")
        ),
        migrations.AddField("school", "may_move", models.BooleanField(default=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
