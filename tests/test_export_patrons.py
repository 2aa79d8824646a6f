"""Writing patrons out: all columns, only what one may see, safe cells, flat memory."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from openpatron.kernel.errors import NotAllowedError
from openpatron.patrons.export import as_csv, as_json
from openpatron.patrons.models import Association, Homeroom, LocalCode, Patron, SavedList
from openpatron.patrons.queries import PatronFilter, patrons

from .command_line import CommandLine, openpatron
from .visitor import Visitor
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres

HERE = ("export_patrons", "--organization", "cascadia")


@pytest.fixture
def ada(world: World) -> Patron:
    """Somebody with everything."""
    patron = world.patron(
        barcode="4711", first="=1+1", last="Müller", email="ada@example.org", district_id="D-1",
        birth_date=date(2015, 2, 3), street="Main St 1", city="Salem", grade="4",
    )  # fmt: skip
    world.card(patron, world.maple, "4710", "replaced")
    world.tie(patron, world.cedar, "29000")
    Patron.objects.filter(pk=patron.pk).update(
        language="es", second_city="Bend", additional_email="mum@example.org"
    )
    room = Homeroom.objects.create(organization=world.cascadia, site=world.maple, name="4a")
    Association.objects.filter(patron=patron, site=world.maple).update(homeroom=room)
    for value in ("BUS-2", "BUS-1"):
        LocalCode.objects.create(organization=world.cascadia, patron=patron, value=value)
    return patron


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_json_has_everything_as_it_is_stored(
    world: World, ada: Patron, openpatron: CommandLine
) -> None:
    (found,) = openpatron(*HERE, "--filter", "grade=4", "--format", "json").json
    for name, value in {
        "patron_id": ada.pk, "first_name": "=1+1", "birth_date": "2015-02-03", "language": "es",
        "second_city": "Bend", "channel": "email", "local_codes": ["BUS-1", "BUS-2"],
        "status": "active", "additional_email": "mum@example.org", "city": "Salem",
    }.items():  # fmt: skip
        assert found[name] == value, name
    assert found["associations"][0] == {
        "site": "maple", "patron_type": "Student", "access_level": "Patron",
        "resource_group": None, "homeroom": "4a", "primary": True,
    }  # fmt: skip
    cards = {(c["site"], c["value"], c["state"]) for c in found["barcodes"]}
    assert cards == {
        ("maple", "4711", "current"), ("maple", "4710", "replaced"), ("cedar", "29000", "current"),
    }  # fmt: skip


def test_csv_has_safe_cells(world: World, ada: Patron, openpatron: CommandLine) -> None:
    world.patron(grade="6")
    (row,) = rows(openpatron(*HERE, "--filter", "grade=4").out)
    assert (row["First name"], row["Last name"]) == ("'=1+1", "Müller")
    assert row["Barcodes"] == "cedar: 29000; maple: 4711"
    assert (row["Homerooms"], row["Local codes"]) == ("maple: 4a", "BUS-1; BUS-2")
    assert (row["Birth date"], row["Communication language"]) == ("2015-02-03", "es")


def test_a_saved_list_is_written_and_nobody_is_a_list_too(
    world: World, ada: Patron, openpatron: CommandLine
) -> None:
    SavedList.objects.create(organization=world.cascadia, name="Fourth", filters={"grade": "4"})
    assert len(openpatron(*HERE, "--saved-list", "Fourth", "--format", "json").json) == 1
    assert openpatron(*HERE, "--filter", "q=nobody", "--format", "json").json == []
    for wrong in (("--saved-list", "None"), ("--filter", "colour=red"), ("--filter", "grade")):
        answer = openpatron(*HERE, *wrong)
        assert (answer.code, answer.out, len(answer.err.splitlines())) == (2, "", 1)
    assert openpatron("export_patrons").code == 2


def test_only_what_one_may_see_is_written(
    world: World, ada: Patron, openpatron: CommandLine
) -> None:
    world.patron(world.alder, last="Elsewhere")
    leo = world.staff("Library administrator", world.maple, "leo")
    found = openpatron(*HERE, "--as", "leo", "--format", "json").json
    assert {f["last_name"] for f in found} == {"Müller", leo.last_name}
    (mine,) = (f for f in found if f["last_name"] == "Müller")
    assert {c["site"] for c in mine["barcodes"]} == {"maple"}
    world.patron(username="plain")
    assert openpatron(*HERE, "--as", "plain").code == 3
    stranger = world.actor(world.stranger())
    everyone = patrons(world.operator, PatronFilter())
    with pytest.raises(NotAllowedError):
        next(iter(as_json(stranger, everyone)))
    with pytest.raises(NotAllowedError):
        as_csv(stranger, everyone)


def test_the_page_writes_the_same(world: World, ada: Patron, openpatron: CommandLine) -> None:
    dora = Visitor(world.staff("District patrons manager", username="dora"))
    for form in ("csv", "json"):
        answer: Any = dora.get("export_patrons", form, grade="4")
        body = b"".join(answer.streaming_content).decode()
        assert body == openpatron(*HERE, "--filter", "grade=4", "--format", form).out
        assert f".{form}" in answer.headers["Content-Disposition"]
        assert form == "csv" or len(json.loads(body)) == 1


def test_the_number_of_queries_does_not_grow_with_the_patrons(world: World) -> None:
    counted = []
    for size in (3, 60):
        world.crowd(size)
        with CaptureQueriesContext(connection) as asked:
            everyone = patrons(world.operator, PatronFilter())
            assert len("".join(as_json(world.operator, everyone))) > size
        counted.append(len(asked))
    assert counted[0] == counted[1]
