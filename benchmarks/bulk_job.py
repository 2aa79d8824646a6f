"""One measurement of a bulk job, or of its floor, in a process of its own.

python -m benchmarks.bulk_job KIND ours|floor N     does it once; prints seconds and peak memory
python -m benchmarks.bulk_job KIND rows N           prints a digest of the rows that it left

KIND is add_associations (the main job), update_patrons (one field) or promote.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openpatron.config.settings")
import django

django.setup()

from django.db import connection  # noqa: E402  Django's own order

from benchmarks import dataset, floor  # noqa: E402
from openpatron.access.actor import operator  # noqa: E402
from openpatron.ledger.actions.confirm_job import confirm_job  # noqa: E402
from openpatron.ledger.engine import run  # noqa: E402
from openpatron.ledger.models import Job, State  # noqa: E402
from openpatron.organizations.scope import find_organization, open_organization  # noqa: E402
from openpatron.patrons.actions import add_associations, promote, update_patrons  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from openpatron.access.actor import Actor


def main() -> None:
    """Do what the arguments say."""
    kind, what, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with open_organization(find_organization(dataset.SLUG)) as organization:
        actor = operator(organization)
        if what == "rows":
            print(json.dumps({"digest": _digest(kind)}))
            return
        work = _ours(actor, kind, n) if what == "ours" else _floor(actor, kind, n)
        cpu, start = cpu_seconds(), time.perf_counter()
        work()
        found = {"seconds": time.perf_counter() - start, "cpu": cpu_seconds() - cpu}
    found["megabytes"] = peak_megabytes()
    print(json.dumps(found))


def _asked(actor: Actor, kind: str, n: int) -> Callable[[], Job]:
    """Check what is asked for, and return what makes the job."""
    site = dataset.site_name(n)
    if kind == "add_associations":
        words = {"to": dataset.TARGET, "patron_type": "Student", "access_level": "Patron"}
        asked = add_associations.ask(actor, at=site, whose="grade_level", value="5", **words)
        return lambda: add_associations.plan_associations(actor, asked)
    if kind == "update_patrons":
        wanted = update_patrons.ask(
            actor, at=site, whose="grade_level", value="5", field="status", new="restricted"
        )
        return lambda: update_patrons.plan_update(actor, wanted)
    moving = promote.ask(actor, at=site)
    return lambda: promote.plan_promotion(actor, moving)


def _ours(actor: Actor, kind: str, n: int) -> Callable[[], None]:
    make = _asked(actor, kind, n)

    def work() -> None:
        planned = run(make())
        done = run(confirm_job(actor, planned))
        assert done.state == State.DONE, done.error

    return work


def _floor(actor: Actor, kind: str, n: int) -> Callable[[], None]:
    job = _asked(actor, kind, n)()
    job.state = State.DONE
    job.save()
    params = job.params | {"job": job.pk, "way": job.way, "organization": actor.organization.pk}
    return lambda: floor.write(kind, params)


def peak_megabytes() -> float:
    """Return the most memory that this process has had (getrusage counts its parent's too)."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(
        int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")
    )


def cpu_seconds() -> float:
    """Return what this process and its server's process have used of the processor so far."""
    own = time.process_time()
    if connection.vendor == "sqlite":
        return own
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        stat = Path(f"/proc/{cursor.fetchall()[0][0]}/stat").read_text(encoding="utf-8")
    user, system = stat.rpartition(")")[2].split()[11:13]
    return own + (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _digest(kind: str) -> dict[str, str]:
    """Return the number and a digest of what the only job wrote, without ids and times."""
    job = Job.objects.get()
    queries = {
        "ledger_change": f"""
          SELECT organization_id, subject_kind, subject_id, outcome, reason, notable,
            CAST(before AS text), CAST(after AS text), actor, way
          FROM ledger_change WHERE job_id = {job.pk} ORDER BY subject_id"""
    }
    if kind == "add_associations":
        target = job.params["target"]
        queries |= {
            "patrons_association": f"""
              SELECT organization_id, patron_id, patron_type_id, access_level_id,
                resource_group_id, homeroom_id, is_primary
              FROM patrons_association WHERE site_id = {target} ORDER BY patron_id""",
            "patrons_barcode": f"""
              SELECT organization_id, patron_id, value, state, number
              FROM patrons_barcode WHERE site_id = {target} ORDER BY patron_id""",
        }
    else:
        queries["patrons_patron"] = "SELECT id, status, grade_level FROM patrons_patron ORDER BY id"
    found = {}
    for table, query in queries.items():
        digest, count = hashlib.sha256(), 0
        with connection.chunked_cursor() as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(2000):
                count += len(rows)
                digest.update(repr(rows).encode())
        found[table] = f"{count} rows {digest.hexdigest()[:16]}"
    return found


if __name__ == "__main__":
    main()
