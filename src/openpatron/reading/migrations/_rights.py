"""Levels that may manage the platforms may connect the reading community as well."""

_LIKE, _NEW = "rostering.manage_targets", "reading.manage"


def give(apps, schema_editor):
    """Add what is missing."""
    for level in apps.get_model("access", "AccessLevel").objects.all():
        if _LIKE in level.permissions and _NEW not in level.permissions:
            level.permissions = [*level.permissions, _NEW]
            level.save(update_fields=["permissions"])
