"""What the office keeps on a patron: local codes and the resource-sharing library."""

from __future__ import annotations

import pytest

from openpatron.kernel.errors import InputError
from openpatron.ledger.models import Change
from openpatron.organizations.models import Site
from openpatron.patrons.actions.edit_patron import EditedPatron, edit_patron
from openpatron.patrons.models import LocalCode, Patron
from openpatron.patrons.office import Office, codes_in, codes_of
from openpatron.patrons.queries import PatronFilter, local_codes, number_of_patrons, patrons

from .visitor import Visitor, options, text_of
from .world import World

pytestmark = pytest.mark.postgres


@pytest.fixture
def leo(world: World) -> Visitor:
    return Visitor(world.staff("Library administrator", world.maple, "leo"))


def kept(world: World, patron: Patron, *codes: str, library: Site | None = None) -> Patron:
    office = Office(codes, library)
    return edit_patron(
        world.operator, patron.pk, EditedPatron("active", "5", 2034, None, (), office)
    )


def test_codes_are_added_and_taken_away(world: World) -> None:
    patron = world.patron()
    kept(world, patron, "CHESS", " BUS 7 ", "CHESS")
    assert codes_of(patron) == ["BUS 7", "CHESS"]
    kept(world, patron, "CHESS", "chess")
    assert sorted(LocalCode.objects.values_list("value", flat=True)) == ["CHESS", "chess"]
    kept(world, patron, "CHESS", "chess")
    told = [(c.before, c.after) for c in Change.objects.order_by("pk")]
    assert told == [
        ({"local_codes": ""}, {"local_codes": "BUS 7, CHESS"}),
        ({"local_codes": "BUS 7, CHESS"}, {"local_codes": "CHESS, chess"}),
    ]


def share(*sites: Site) -> None:
    """Make resource-sharing libraries of these sites."""
    Site.objects.filter(pk__in=[site.pk for site in sites]).update(shares_resources=True)


def test_an_edit_that_says_nothing_of_them_leaves_them(world: World) -> None:
    patron = world.patron()
    share(world.cedar)
    kept(world, patron, "CHESS", library=world.cedar)
    edit_patron(world.operator, patron.pk, EditedPatron("restricted", "5", 2034, None))
    patron.refresh_from_db()
    assert (codes_of(patron), patron.resource_sharing_library) == (["CHESS"], world.cedar)


@pytest.mark.parametrize("code", ["x" * 41, "a\x00b", "a,b"])
def test_what_is_no_code_is_refused(world: World, code: str) -> None:
    with pytest.raises(InputError) as caught:
        kept(world, world.patron(), code)
    assert caught.value.field == "local_codes"
    assert not LocalCode.objects.exists()


def test_too_many_codes_are_refused(world: World) -> None:
    with pytest.raises(InputError, match="51 local codes"):
        kept(world, world.patron(), *map(str, range(51)))


def test_commas_part_codes() -> None:
    assert codes_in(" A, B ,,A,") == ("A", "B")


def test_a_list_is_narrowed_by_a_code(world: World) -> None:
    one, two = world.patron(), world.patron(world.alder)
    for patron in (one, two):
        kept(world, patron, "CHESS", f"P{patron.pk}")
    narrowed = PatronFilter(local_code="CHESS")
    assert set(patrons(world.operator, narrowed)) == {one, two}
    librarian = world.actor(world.staff("Library administrator", world.maple))
    assert list(patrons(librarian, narrowed)) == [one]
    assert number_of_patrons(librarian, narrowed) == 1
    assert not patrons(world.operator, PatronFilter(local_code="a\x00b")).exists()
    # Codes of patrons that one may not see are not listed.
    assert local_codes(librarian) == ["CHESS", f"P{one.pk}"]


def test_the_library_is_one_of_several(world: World) -> None:
    patron = world.patron()
    with pytest.raises(InputError, match="has no resource-sharing library"):
        kept(world, patron, library=world.cedar)
    share(world.cedar, world.studio)
    kept(world, patron, library=world.cedar)
    assert Change.objects.get().after == {"resource_sharing_library": "Cedar"}
    with pytest.raises(InputError, match=r"Studio is no .* library\. Choose one of: Cedar\."):
        kept(world, patron, library=world.studio)
    with pytest.raises(InputError, match="Fir is no resource-sharing library"):
        kept(world, patron, library=world.fir)


def test_with_one_site_there_is_no_library_to_choose(leo: Visitor, world: World) -> None:
    patron = world.patron()
    share(world.maple, world.cedar)
    page = leo.get("edit_patron", patron.pk)
    assert options(page, "resource_sharing_library") == ["Cedar", "Maple"]
    Site.objects.exclude(pk=world.maple.pk).update(kind="media")
    with pytest.raises(InputError, match="no resource-sharing library"):
        kept(world, patron, library=world.maple)
    page = leo.get("edit_patron", patron.pk)
    assert "resource_sharing_library" not in page.content.decode()


@pytest.mark.any_engine
def test_the_form_writes_both(leo: Visitor, world: World) -> None:
    patron = world.patron()
    share(world.cedar)
    tie = patron.associations.get()
    typed = {
        "status": "active",
        "grade_level": "5",
        "graduation_year": "2034",
        "expires_on": "",
        "local_codes": "CHESS, BUS 7",
        "resource_sharing_library": str(world.cedar.pk),
        f"type_{tie.pk}": str(tie.patron_type_id),
        f"level_{tie.pk}": str(tie.access_level_id),
        f"homeroom_{tie.pk}": "",
    }
    assert leo.post("edit_patron", patron.pk, **typed).status_code == 302
    patron.refresh_from_db()
    assert (codes_of(patron), patron.resource_sharing_library) == (["BUS 7", "CHESS"], world.cedar)
    said = text_of(leo.get("patron", patron.pk))
    assert "BUS 7 , CHESS" in said
    assert "Resource-sharing library Cedar" in said
    assert patron.account.last_name in text_of(leo.get("patrons", code="BUS 7"))
    assert "means nothing here" in text_of(leo.get("patrons", code="NONE"))

    wrong = leo.post("edit_patron", patron.pk, **typed | {"local_codes": "x" * 41})
    assert wrong.status_code == 422
    assert "at most 40" in text_of(wrong)
