"""Usernames and addresses with letters beyond A to Z are stored in one case, see ``rules``."""

import unicodedata

from django.db import migrations, models
from django.db.models.functions import Length


class Bytes(models.Func):
    """The length of a text in bytes: that of a text of A to Z alone is its length."""

    output_field = models.IntegerField()

    def as_sqlite(self, compiler, connection, **context):
        """Return the SQL of SQLite."""
        return self.as_sql(
            compiler, connection, template="length(CAST(%(expressions)s AS BLOB))", **context
        )

    def as_postgresql(self, compiler, connection, **context):
        """Return the SQL of PostgreSQL."""
        return self.as_sql(
            compiler, connection, template="octet_length(%(expressions)s)", **context
        )


def _username(text: str) -> str:
    known = unicodedata.normalize("NFKC", text)
    small = "".join(c if c.isascii() else c.casefold() for c in known)
    return unicodedata.normalize("NFKC", small)


def _email(text: str) -> str:
    return "".join(c if c.isascii() else c.lower() for c in text)


def write(apps, schema_editor):
    """Write what is stored otherwise; of two who would meet, the later stays as it is."""
    del schema_editor
    accounts = apps.get_model("accounts", "Account").objects
    for name, stored_as in (("username", _username), ("email", _email)):
        wider = accounts.alias(size=Bytes(name)).filter(size__gt=Length(name))
        for pk, value in list(wider.order_by("pk").values_list("pk", name)):
            wanted = stored_as(value)
            if wanted == value or len(wanted) > 150 + 104 * (name == "email"):
                continue
            if not accounts.exclude(pk=pk).filter(**{f"{name}__iexact": wanted}).exists():
                accounts.filter(pk=pk).update(**{name: wanted})


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_identities"),
    ]

    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
