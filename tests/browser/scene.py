"""Cascadia as the browser tests find it: people, cards that clash, and jobs in every state."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Job, State
from openpatron.patrons.models import Association, Patron
from tests.world import World

PASSWORD = "correct horse battery staple"

CLASHING = "4711"

# Grade 5 of Maple: whom nothing hinders, the one whose number is taken at Cedar, and who is there
# already. Few, because axe looks at every row; a job takes four batches for those it adds.
FREE = 9
ADDED = FREE + 1
SKIPPED = 2
SELECTED = ADDED + SKIPPED
BATCH = 3

LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"


@cache
def hashed(password: str) -> str:
    """Return what is stored of a password; it is slow to make, as it should be."""
    return make_password(password)


class Scene:
    """A district with a manager and a librarian, and fifth graders at Maple."""

    def __init__(self, world: World) -> None:
        """Make the people."""
        self.world = world
        self.dora = world.staff("District patrons manager", username="dora")
        self.leo = world.staff("Library administrator", world.maple, "leo")
        for account, first, last in ((self.dora, "Dora", "Diaz"), (self.leo, "Leo", "Lindqvist")):
            account.first_name, account.last_name = first, last
            account.password = hashed(PASSWORD)
            account.save()
        world.crowd(FREE, barcode=lambda n: f"{100 + n:06d}")
        # One number, two patrons: on the way to Cedar the first gets another.
        self.clashing = world.patron(barcode=CLASHING, first="Clara", last="Clash")
        self.holder = world.patron(world.cedar, CLASHING, first="Hans", last="Holder", grade="7")
        for n in range(SKIPPED):
            there = world.patron(first="Thea", last=f"There{n}")
            world.tie(there, world.cedar, f"T{n}")

    def names_of_many_scripts(self) -> list[Patron]:
        """Make patrons whose names a list can stumble over, all in grade 5."""
        names = (
            ("Maximiliane Alexandra Theodora", LONG, ""),
            ("محمد", "الخوارزمي", "حمودي"),
            ("שרה", "כהן-לוי", "Sally"),
            ("", "Ⅲ", ""),
            ("明", "欧阳", "Ming"),
            ("Ada \u202eecalevoL", "Overridden", "Ada"),
            ("<b>Bold</b>", 'O\'Brien & "Sons"', ""),
        )
        return [
            self.world.patron(
                first=first,
                last=last,
                preferred_name=preferred,
                district_id=f"N{n}",
                status=("active", "restricted", "inactive")[n % 3],
            )
            for n, (first, last, preferred) in enumerate(names)
        ]

    def planned(self, **words: str) -> Job:
        """Plan the main job."""
        return self.world.plan(self.world.actor(self.dora), **words)

    def done(self, **words: str) -> Job:
        """Run the main job."""
        return run(confirm_job(self.world.actor(self.dora), self.planned(**words)))

    def undone(self, **words: str) -> Job:
        """Run the main job and take it back; one patron was changed meanwhile."""
        job = self.done(**words)
        changed = Association.objects.filter(site__short_name=words.get("to", "cedar")).latest("pk")
        changed.patron_type = self.world.types["Faculty"]
        changed.save()
        return run(undo_job(self.world.actor(self.dora), job))

    def applying(self, **words: str) -> Job:
        """Leave the main job in the middle, with a worker at it."""
        job = confirm_job(self.world.actor(self.dora), self.planned(**words))
        job.done, job.lease_token = 14, "somebody"
        job.lease_until = timezone.now() + timedelta(hours=1)
        job.save()
        return job

    def failed(self, **words: str) -> Job:
        """Stop the main job by an error."""
        job = self.done(**words)
        job.state, job.failed_state = State.FAILED, State.APPLYING
        job.error = "OperationalError (1f2e3d4c)"
        job.save()
        return job

    def expired(self) -> Patron:
        """Make a patron with everything that a patron's page can show."""
        patron = self.world.patron(
            barcode="000777", first="Ève", last="Expired", email="eve@example.org",
            district_id="D-777", status="restricted", preferred_name="Evi", middle_name="Marie",
        )  # fmt: skip
        patron.expires_on = date(2020, 6, 30)
        patron.save()
        self.world.card(patron, self.world.maple, "000776", state="retired")
        self.world.tie(patron, self.world.alder, "5550")
        return patron
