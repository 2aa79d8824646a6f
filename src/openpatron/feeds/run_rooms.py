"""The homerooms that a feed names: found, or made, at their sites; and how they go again.

The job keeps which rooms it made and whom it had lead one, for as long as it can be undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import Exists, OuterRef

from openpatron.patrons.models import Homeroom, Patron, SourceRecord

from .run_context import Run

_SOME = 2_000

# In the job's params: [room, name], and [room, earlier supervisor, supervisor].
MADE, LED = "rooms_made", "rooms_led"


def rooms_of(run: Run, people: Iterable[Mapping[str, str]]) -> dict[tuple[int, str], int]:
    """Return the rooms of these people by site and name; those that are missing are made."""
    wanted = {
        (run.sites[values["site"]].pk, values["homeroom"])
        for values in people
        if values.get("homeroom") and values.get("site") in run.sites
    }
    if not wanted:
        return {}
    found = _known(wanted)
    Homeroom.objects.bulk_create(
        (
            Homeroom(organization=run.organization, site_id=site, name=name)
            for site, name in sorted(wanted - found.keys())
        ),
        ignore_conflicts=True,
    )
    if wanted <= found.keys():
        return found
    every = _known(wanted)
    made = [[pk, name] for (site, name), pk in every.items() if (site, name) not in found]
    run.job.params.setdefault(MADE, []).extend(made)
    return every


def _known(wanted: set[tuple[int, str]]) -> dict[tuple[int, str], int]:
    names = sorted({name for _site, name in wanted})
    found = {}
    for start in range(0, len(names), _SOME):
        rooms = Homeroom.objects.filter(name__in=names[start : start + _SOME])
        for room in rooms.values_list("site", "name", "pk"):
            if room[:2] in wanted:
                found[room[0], room[1]] = room[2]
    return found


def set_supervisors(run: Run) -> None:
    """Have the rooms of this run led by whom the source names by its key, where that one is here.

    At the end of a run, because a teacher may stand below the class in the file.
    """
    if not any(rule.field == "homeroom_supervisor" for rule in run.setup.rules):
        return
    since = run.job.confirmed_at or run.job.created_at
    said = SourceRecord.objects.filter(source=run.source, received_at__gte=since).exclude(
        values__homeroom_supervisor=None
    )
    named = {
        (run.sites[site].pk, room): key
        for site, room, key in said.values_list(
            "values__site", "values__homeroom", "values__homeroom_supervisor"
        ).distinct()
        if site in run.sites and room and key
    }
    keys = sorted(set(named.values()))
    leaders: dict[str, int] = {}
    for start in range(0, len(keys), _SOME):
        records = SourceRecord.objects.filter(
            source=run.source, key__in=keys[start : start + _SOME]
        )
        leaders.update(records.values_list("key", "patron"))
    rooms = _known(set(named))
    changed = []
    for room in Homeroom.objects.filter(pk__in=list(rooms.values())):
        leader = leaders.get(named[room.site_id, room.name])
        if leader is not None and room.supervisor_id != leader:
            run.job.params.setdefault(LED, []).append([room.pk, room.supervisor_id, leader])
            room.supervisor_id = leader
            changed.append(room)
    Homeroom.objects.bulk_update(changed, ["supervisor"], batch_size=500)


def lead_as_before(run: Run) -> None:
    """Put back who led the rooms, where nobody gave them to another since; before an undo."""
    led = {room: (was, now) for room, was, now in run.job.params.pop(LED, [])}
    there = set(
        Patron.objects.filter(pk__in={was for was, _now in led.values() if was}).values_list(
            "pk", flat=True
        )
    )
    back = []
    for room in Homeroom.objects.filter(pk__in=led):
        was, now = led[room.pk]
        if room.supervisor_id == now:
            room.supervisor_id = was if was in there else None
            back.append(room)
    Homeroom.objects.bulk_update(back, ["supervisor"], batch_size=500)


def unmake_rooms(run: Run) -> None:
    """Delete the rooms that the run made, if nobody uses or changed them since; after an undo."""
    made = dict(run.job.params.pop(MADE, []))
    ids = sorted(made)
    for start in range(0, len(ids), _SOME):
        rooms = Homeroom.objects.filter(pk__in=ids[start : start + _SOME], supervisor=None)
        for relation in Homeroom._meta.related_objects:  # noqa: SLF001  what Django calls public
            manager = relation.related_model._base_manager  # noqa: SLF001
            rooms = rooms.filter(~Exists(manager.filter(**{relation.field.name: OuterRef("pk")})))
        idle = [pk for pk, name in rooms.values_list("pk", "name") if made[pk] == name]
        Homeroom.objects.filter(pk__in=idle).delete()
