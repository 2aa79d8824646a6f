"""Look for possible duplicates and keep what is found; say of a pair that it is two people."""

from __future__ import annotations

from django.db import transaction

from openpatron.access.actor import Actor
from openpatron.patrons.duplicates import PERMISSION, find_pairs, possible_duplicate
from openpatron.patrons.models import Patron, PossibleDuplicate

_CHUNK = 500


def find_duplicates(actor: Actor) -> int:
    """Look through all patrons and return how many pairs there are that nobody has judged.

    Pairs that are none any more go; those that are two people stay known.
    """
    actor.require(PERMISSION)
    found = find_pairs()
    with transaction.atomic():
        known = {
            (one, other): pk
            for pk, one, other in PossibleDuplicate.objects.values_list("pk", "one", "other")
        }
        old = [pk for pair, pk in known.items() if pair not in found]
        for start in range(0, len(old), _CHUNK):
            some = PossibleDuplicate.objects.filter(pk__in=old[start : start + _CHUNK])
            some.filter(two_people=False).delete()
        new = sorted((likeness, pair) for pair, likeness in found.items() if pair not in known)
        for start in range(0, len(new), _CHUNK):
            _keep(actor, new[start : start + _CHUNK])
    return PossibleDuplicate.objects.filter(two_people=False).count()


def say_two_people(actor: Actor, number: int) -> PossibleDuplicate:
    """Remember that the two of a pair are two people; they are not shown again."""
    pair = possible_duplicate(actor, number)
    pair.two_people, pair.said_by = True, actor.account_id
    pair.save(update_fields=["two_people", "said_by"])
    return pair


def _keep(actor: Actor, some: list[tuple[int, tuple[int, int]]]) -> None:
    # Somebody may have been removed while all were read.
    patrons = {patron for _likeness, pair in some for patron in pair}
    there = set(
        Patron.objects.select_for_update()
        .filter(pk__in=patrons)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    PossibleDuplicate.objects.bulk_create(
        (
            PossibleDuplicate(
                organization=actor.organization, one_id=one, other_id=other, likeness=likeness
            )
            for likeness, (one, other) in some
            if {one, other} <= there
        ),
        ignore_conflicts=True,
    )
