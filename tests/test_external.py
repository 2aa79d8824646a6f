"""External records: fields that a source owns are locked, opened, protected, and released."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from openpatron.access.actor import Actor
from openpatron.accounts.models import Account, Registration
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change, Job
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions import (
    promote as promotion,
    remove_associations as removing,
    transfer as transferring,
)
from openpatron.patrons.actions.edit_own_contact import edit_own_contact
from openpatron.patrons.actions.edit_own_data import edit_own_data
from openpatron.patrons.actions.edit_patron import EditedAssociation, EditedPatron, edit_patron
from openpatron.patrons.actions.edit_personal_data import edit_personal_data
from openpatron.patrons.actions.expire_patrons import number_of_expired
from openpatron.patrons.actions.promote import plan_promotion
from openpatron.patrons.actions.renew_patron import renew_patron
from openpatron.patrons.actions.replace_card import replace_card
from openpatron.patrons.actions.update_patrons import ask, plan_update
from openpatron.patrons.actors import actor_for
from openpatron.patrons.external import Opening, external_of, present
from openpatron.patrons.models import Association, Patron, Protection, Source, SourceRecord
from openpatron.patrons.queries import patron as patron_of
from openpatron.patrons.summary import summary_lines

from .world import World

pytestmark = pytest.mark.postgres

OWNED = ["first_name", "last_name", "email", "status", "grade_level", "patron_type", "barcode"]


def source(organization: Organization, code: str = "sis", owned: list[str] = OWNED) -> Source:
    return Source.objects.create(
        organization=organization, code=code, name=f"Source {code}", owned=owned
    )


def external(patron: Patron, owner: Source, key: str = "K1", **values: str) -> SourceRecord:
    return SourceRecord.objects.create(
        organization_id=patron.organization_id,
        source=owner,
        patron=patron,
        key=key,
        values=values,
        digest=b"0123456789abcdef",
    )


def protected(patron: Patron) -> set[str]:
    return set(Protection.objects.filter(patron=patron).values_list("field", flat=True))


def digest(patron: Patron) -> bytes:
    return bytes(SourceRecord.objects.get(patron=patron).digest)


def edited(patron: Patron, **changed: Any) -> EditedPatron:
    values = {
        name: getattr(patron, name)
        for name in ("status", "grade_level", "graduation_year", "expires_on")
    }
    return EditedPatron(**(values | changed))


@pytest.fixture
def leo(world: World) -> Actor:
    return world.actor(world.staff("Library administrator", world.maple, "leo"))


@pytest.fixture
def ada(world: World) -> Patron:
    patron = world.patron(first="Ada", last="Byron", username="ada", barcode="4711")
    external(patron, source(world.cascadia), first_name="Ada", grade_level="5", site="maple")
    return patron


def test_an_owned_field_is_locked_and_the_others_are_not(
    world: World, leo: Actor, ada: Patron
) -> None:
    with pytest.raises(InputError, match="Source sis") as caught:
        edit_personal_data(leo, ada.pk, {"first_name": "Augusta", "city": "London"}, {})
    assert caught.value.field == "first_name"
    with pytest.raises(InputError, match="grade_level"):
        edit_patron(leo, ada.pk, edited(ada, grade_level="6"))
    assert not Change.objects.filter(subject_id=ada.pk).exists()

    edit_personal_data(leo, ada.pk, {"first_name": "Ada", "city": "London"}, {})
    edit_patron(leo, ada.pk, edited(ada, graduation_year=2035))
    assert Account.objects.get(pk=ada.account_id).city == "London"

    # The association at another site is a local addition.
    tie = world.tie(ada, world.alder)
    own = Association.objects.get(patron=ada, site=world.maple)
    for one, is_locked in ((own, True), (tie, False)):
        assert bool(external_of(ada).lock("patron_type", one)) == is_locked
    wanted = EditedAssociation(own.pk, world.types["Faculty"], own.access_level, None)
    with pytest.raises(InputError, match="patron_type"):
        edit_patron(leo, ada.pk, edited(patron_of(leo, ada.pk), associations=(wanted,)))


def test_opened_with_no_the_sources_values_come_back(leo: Actor, ada: Patron) -> None:
    edit_patron(leo, ada.pk, edited(ada, grade_level="6"), Opening())
    assert Patron.objects.get(pk=ada.pk).grade_level == "6"
    assert protected(ada) == set()
    assert digest(ada) == b"", "the next feed looks into the row again"


def test_opened_with_yes_each_changed_field_is_protected(leo: Actor, ada: Patron) -> None:
    opening = Opening(protects=True, until=date(2099, 1, 1))
    personal = {"first_name": "Augusta", "last_name": "Byron", "city": "London"}
    edit_personal_data(leo, ada.pk, personal, {}, opening)
    assert protected(ada) == {"first_name"}, "what did not change, or is not owned, is not"
    row = Protection.objects.get(patron=ada)
    assert (row.protected_by, row.until) == (leo.account_id, date(2099, 1, 1))
    last = Change.objects.filter(subject_id=ada.pk).latest("pk")
    assert (last.before, last.after) == (
        {"protected": None}, {"protected": "first_name", "until": "2099-01-01"},
    )  # fmt: skip

    lock = external_of(patron_of(leo, ada.pk)).lock("first_name")
    assert lock is not None
    assert (lock.owner, lock.received, lock.protection) == ("Source sis", "Ada", row)
    assert present(patron_of(leo, ada.pk), "first_name", None) == "Augusta"
    # Again, with the other answer: it stays protected, nothing is lost silently.
    edit_personal_data(leo, ada.pk, {"first_name": "Gusta"}, {}, Opening())
    assert protected(ada) == {"first_name"}


def test_only_who_holds_the_right_opens(world: World, leo: Actor, ada: Patron) -> None:
    world.tie(ada, world.alder)
    level = world.levels["Library administrator"]
    level.permissions = [p for p in level.permissions if p != "patrons.open_external"]
    level.save()
    weak = world.actor(Account.objects.get(username="leo"))
    with pytest.raises(NotAllowedError, match="Maple or Alder") as caught:
        edit_patron(weak, ada.pk, edited(ada, grade_level="6"), Opening())
    assert caught.value.permission == "patrons.open_external"
    edit_patron(weak, ada.pk, edited(ada, graduation_year=2040), Opening())


def test_another_organizations_field_is_locked_without_a_name(world: World, leo: Actor) -> None:
    patron = world.patron(username="both")
    with open_organization(world.rainier):
        Registration.objects.create(account=patron.account, organization=world.rainier)
        there = Patron.objects.create(organization=world.rainier, account=patron.account)
        external(there, source(world.rainier, "secret"), first_name="Other")
    lock = external_of(patron).lock("first_name")
    assert lock is not None
    assert (lock.owner, lock.received, lock.received_at) == ("", None, None)
    for opening in (None, Opening(protects=True)):
        with pytest.raises(InputError, match="another organization") as caught:
            edit_personal_data(leo, patron.pk, {"first_name": "X"}, {}, opening)
        assert "secret" not in str(caught.value)
        assert "Rainier" not in str(caught.value)
    # The record itself is not external here.
    edit_patron(leo, patron.pk, edited(patron, status="inactive"))


def test_persons_themselves_read_who_keeps_it(world: World, ada: Patron) -> None:
    own = ada.account
    with pytest.raises(InputError, match=r"Source sis.* of Cascadia"):
        edit_own_data(own, "web", {"first_name": "Gusta", "last_name": "Byron"})
    with pytest.raises(InputError, match="Source sis"):
        edit_own_data(own, "web", {"email": "a@x.example"})
    edit_own_data(own, "web", {"preferred_name": "Gusta", "first_name": "Ada"})
    Source.objects.update(owned=["additional_email"])
    me = actor_for(own, world.cascadia, "web")
    with pytest.raises(InputError, match="Source sis"):
        edit_own_contact(me, {"additional_email": "mother@x.example"})
    edit_own_contact(me, {"second_city": "Paris"})


def test_the_desk(world: World, leo: Actor, ada: Patron) -> None:
    card = ada.barcodes.get()
    replace_card(leo, ada.pk, card.pk, "4712")
    assert protected(ada) == {"barcode"}, "a feed must not bring the lost card back"
    Source.objects.update(owned=["expires_on", "status"])
    Patron.objects.filter(pk=ada.pk).update(expires_on=date(2020, 1, 1))
    with pytest.raises(InputError, match="Source sis"):
        renew_patron(leo, ada.pk)
    assert number_of_expired(world.operator) == 0
    Source.objects.update(owned=[])
    assert number_of_expired(world.operator) == 1
    renew_patron(leo, ada.pk)


# Jobs on many


def outcomes(job: Job) -> dict[int, tuple[str, str]]:
    rows = Change.objects.filter(job=job)
    return {row.subject_id: (row.outcome, row.reason) for row in rows}


def updated(world: World, **words: str) -> Job:
    fifth: dict[str, Any] = {"at": "maple", "whose": "grade_level", "value": "5"}
    job = run(plan_update(world.operator, ask(world.operator, **fifth | words)))
    return run(confirm_job(world.operator, job))


@pytest.mark.parametrize(("field", "new"), [("grade_level", "6"), ("patron_type", "Faculty")])
def test_an_update_of_many_leaves_owned_fields(
    world: World, ada: Patron, field: str, new: str
) -> None:
    internal = world.crowd(9)
    job = updated(world, field=field, new=new)
    owner = SourceRecord.objects.get().source_id
    found = outcomes(job)
    assert found.pop(ada.pk) == ("skipped", f"owned:{owner}")
    assert found == {one.pk: ("applied", "") for one in internal}
    (line,) = [one for one in summary_lines(world.operator, job) if one.patron_id == ada.pk]
    assert line.reason == "Owned by the source “Source sis”; left as it is."
    # Where the source speaks of another site, the association here is a local addition.
    SourceRecord.objects.update(values={"site": "alder"})
    if field == "patron_type":
        assert outcomes(updated(world, field=field, new=new))[ada.pk] == ("applied", "")


@pytest.mark.parametrize(("field", "new"), [("grade_level", "6"), ("patron_type", "Faculty")])
def test_an_update_of_many_may_open_and_protect(
    world: World, ada: Patron, field: str, new: str
) -> None:
    internal = world.crowd(9)
    job = updated(world, field=field, new=new, owned="protect")
    assert set(outcomes(job).values()) == {("applied", "")}
    assert protected(ada) == {field}
    assert (digest(ada), Protection.objects.count()) == (b"", 1)
    assert outcomes(run(undo_job(world.operator, job)))[internal[0].pk] == ("undone", "")
    assert protected(ada) == set(), "the undo takes its own protection away"

    updated(world, field=field, new=new, owned="return")
    assert protected(ada) == set()
    with pytest.raises(InputError, match="return, protect"):
        updated(world, field=field, new=new, owned="maybe")


def test_promotion_transfer_and_removal_leave_what_a_source_owns(world: World, ada: Patron) -> None:
    other = world.patron()
    world.tie(other, world.alder)
    world.tie(ada, world.alder)
    Source.objects.update(owned=["grade_level", "site"])
    mine = f"owned:{SourceRecord.objects.get().source_id}"
    job = run(plan_promotion(world.operator, promotion.ask(world.operator)))
    assert outcomes(job)[ada.pk] == ("skipped", mine)
    assert outcomes(job)[other.pk] == ("planned", "")
    fifth: dict[str, Any] = {"at": "maple", "whose": "grade_level", "value": "5"}
    removal = removing.ask(world.operator, **fifth)
    assert outcomes(run(removing.plan_removal(world.operator, removal))) == {
        ada.pk: ("skipped", mine),
        other.pk: ("planned", ""),
    }
    there = {"to": "cedar", "patron_type": "Student", "access_level": "Patron"}
    move = transferring.ask(world.operator, **fifth, **there)
    found = outcomes(run(transferring.plan_transfer(world.operator, move)))
    assert found[ada.pk] == ("conflict", mine)
    assert found[other.pk][0] == "planned"
