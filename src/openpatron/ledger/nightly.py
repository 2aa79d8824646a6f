"""The nightly jobs: once per organization, kind and local day, planned and confirmed by the clock.

What has to be done is cumulative ("expired before today"), so one night makes up for all that were
missed. A night is a row that only one worker can write, in the transaction that makes its job.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, transaction
from django.utils import timezone

from openpatron.access.actor import SCHEDULE, Actor, operator
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import open_organization

from .actions.confirm_job import confirm_job
from .clock import keep_looking
from .kinds import kind_of
from .models import Job, Night, State
from .tasks import enqueue

if TYPE_CHECKING:
    import threading

log = logging.getLogger(__name__)

# How often the clock is looked at, in seconds.
_TICK = 15.0
# The night in which an organization was seen first: nothing was missed then.
_FIRST = ""

_errands: dict[str, Callable[[Actor], object]] = {}
_kinds: dict[str, Callable[[Actor], Job | None]] = {}
_looks: dict[str, Callable[[Actor], object]] = {}


def register_nightly(kind: str, plan: Callable[[Actor], Job | None]) -> None:
    """Have a kind of job made every night by ``plan``, which returns None for nothing to do."""
    if kind in _kinds:
        raise ValueError(f"nightly job {kind} is registered twice")
    _kinds[kind] = plan


def register_errand(name: str, do: Callable[[Actor], object]) -> None:
    """Have something done every night that changes nobody's data, and so is no job."""
    _errands[name] = do


def register_look(name: str, look: Callable[[Actor], object]) -> None:
    """Have the worker look again and again whether something is due; beside all else it does.

    Each has a thread of its own: one that waits for a slow server delays neither the nights nor
    the others.
    """
    _looks[name] = look


def run_errands(organization: Organization) -> None:
    """Do what is not done yet on this local day, in the opened organization; each once."""
    actor, today = operator(organization, SCHEDULE), timezone.localdate()
    for name, do in _errands.items():
        night: dict[str, Any] = {"organization": organization, "kind": name, "day": today}
        if not Night.objects.filter(**night).exists() and Night.objects.get_or_create(**night)[1]:
            do(actor)


def nightly_kinds() -> tuple[str, ...]:
    """Return the kinds of jobs that are made every night, in their order."""
    return tuple(_kinds)


def preview_of(organization: Organization, kind: str) -> Job | None:
    """Make a job of one kind as the night would, beside the night: to be planned, looked at and
    thrown away. None where there is nothing to do; the night itself still has its turn.
    """
    return _kinds[kind](operator(organization))


def start_night(organization: Organization, only: Collection[str] = ()) -> list[Job]:
    """Make the jobs of this local day that are not made yet, in the opened organization.

    Each is made once, whoever else does the same at this moment. They are to be planned.
    ``only``: of these kinds; without it of all.
    """
    actor = operator(organization, SCHEDULE)
    today = timezone.localdate()
    done = set(Night.objects.filter(day=today).values_list("kind", flat=True))
    made = []
    for kind, plan in _kinds.items():
        if kind in done or (only and kind not in only):
            continue
        with transaction.atomic():
            night, is_ours = Night.objects.get_or_create(
                organization=organization, kind=kind, day=today
            )
            job = plan(actor) if is_ours else None
            if job is not None:
                Night.objects.filter(pk=night.pk).update(job=job)
                made.append(job)
    return made


def say_yes(organization: Organization) -> list[Job]:
    """Confirm the jobs of the clock whose plan is ready and that may start, and return them."""
    actor = operator(organization, SCHEDULE)
    ready = Job.objects.filter(state=State.PLANNED, way=SCHEDULE, created_by=None)
    return [
        confirm_job(actor, job)
        for job in ready.order_by("pk")
        if kind_of(job).may_start_by_itself(job)
    ]


def tick() -> None:
    """Start the night where its local day has begun, and say yes to what is planned."""
    for organization in Organization.objects.all():
        with open_organization(organization):
            if _is_first(organization):
                continue
            for job in start_night(organization) + say_yes(organization):
                enqueue(job)
            run_errands(organization)


def look_once(name: str) -> None:
    """Look once in every organization; what goes wrong in one is logged, and stops no other."""
    for organization in Organization.objects.all():
        with open_organization(organization):
            try:
                _looks[name](operator(organization, SCHEDULE))
            except DatabaseError:
                raise
            except Exception:
                log.exception(
                    "%s in %s went wrong; it will be tried again", name, organization.slug
                )


def looks() -> list[Callable[[threading.Event], None]]:
    """Return what looks until told to stop: each for a thread of the worker."""
    return [partial(_keep_one, name) for name in _looks]


def _keep_one(name: str, stop: threading.Event) -> None:
    keep_looking(stop, _TICK, partial(look_once, name), name)


def keep_nights(stop: threading.Event) -> None:
    """Look at the clock until told to stop; for a thread of the worker."""
    keep_looking(stop, _TICK, tick, "the nightly jobs")


def _is_first(organization: Organization) -> bool:
    """Tell whether this is the organization's first day: its first night is the next one."""
    today = timezone.localdate()
    known = set(Night.objects.filter(day=today).values_list("kind", flat=True)) - {_FIRST}
    if known:
        return False
    if Night.objects.exists():
        return Night.objects.filter(day=today, kind=_FIRST).exists()
    Night.objects.get_or_create(organization=organization, kind=_FIRST, day=today)
    return True
