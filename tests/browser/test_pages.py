"""Every page: axe finds nothing, nothing is cut off, and it says where one is."""

from __future__ import annotations

from pathlib import Path

import pytest

from openpatron.accounts.models import Registration
from openpatron.administration.actions.edit_registration_template import (
    WantedTemplate,
    add_registration_template,
)
from openpatron.feeds import formats
from openpatron.patrons.actions.note_patron import Noted, note_patron
from openpatron.patrons.actions.renew_patron import renew_patron
from openpatron.web import jobs, patron_list

from .conftest import Visit
from .inspector import Inspector
from .scene import CLASHING, SELECTED, Scene
from .visitor import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _short_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let lists have several pages, and axe few rows to look at."""
    monkeypatch.setattr(patron_list, "PER_PAGE", 5)
    monkeypatch.setattr(jobs, "_LINES_PER_PAGE", 5)


@pytest.fixture
def dora_inspects(dora: Visitor) -> Inspector:
    return Inspector(dora)


def test_pages_without_an_organization(visit: Visit, scene: Scene) -> None:
    outside = Inspector(visit())
    page = outside.visitor.page
    page.goto("/")
    assert page.url.endswith("/sign-in/?next=/")
    assert page.title() == "Sign in · OpenPatron"
    outside.inspect("sign-in")
    page.get_by_label("Username").fill("dora")
    page.get_by_label("Password").fill("wrong")
    page.get_by_label("Password").press("Enter")
    page.get_by_role("alert").wait_for()
    outside.inspect("sign-in refused")
    page.goto("/sign-in/at/")
    outside.inspect("choose the organization")

    Registration.objects.create(account=scene.dora, organization=scene.world.rainier)
    inside = Inspector(visit(scene.dora))
    page = inside.visitor.page
    page.goto("/")
    assert page.get_by_role("link", name="Rainier").is_visible()
    inside.inspect("start")
    assert inside.visitor.to("nowhere/").status == 404
    inside.inspect("not found")
    outside.end()
    inside.end()


def test_pages_before_there_is_anything(dora_inspects: Inspector) -> None:
    look_at = dora_inspects.look_at
    look_at("update-patrons/", "Update patrons")
    look_at("update-patrons/add-associations/", "Add associations")
    look_at("jobs/", "Jobs")
    look_at("patrons/999999/", "There is nothing at this address", 404)
    dora_inspects.end()


def test_pages_of_patrons_and_sites(dora_inspects: Inspector, scene: Scene) -> None:
    scene.names_of_many_scripts()
    expired = scene.expired()
    look_at = dora_inspects.look_at
    look_at("patrons/", "Patrons")
    look_at("patrons/?site=maple&status=restricted&q=e&scan=no", "Patrons")
    look_at("patrons/?q=nobody", "Patrons")
    look_at(f"patrons/?q={CLASHING}", "Patrons")
    look_at(f"patrons/{expired.pk}/", "Evi Expired")
    look_at(f"patrons/{expired.pk}/edit/", "Edit Evi Expired")
    look_at(f"patrons/{expired.pk}/block/", "Block Evi Expired")
    look_at(f"patrons/{expired.pk}/staff-roles/give/", "Give Evi Expired a staff role")
    look_at(f"patrons/{expired.pk}/personal-data/", "Edit personal data of Evi Expired")
    look_at("sites/", "Sites")
    look_at("sites/depot/", "Depot")
    dora_inspects.end()


def test_pages_of_the_desk(dora_inspects: Inspector, scene: Scene) -> None:
    patron = scene.expired()
    who = scene.world.operator
    note_patron(who, patron.pk, Noted("Ask for the form.", pops_up=True))
    card = patron.barcodes.get(value="000777")
    look_at = dora_inspects.look_at
    look_at(f"patrons/{patron.pk}/", "Evi Expired")
    renew_patron(who, patron.pk)
    look_at(f"patrons/{patron.pk}/", "Evi Expired")
    look_at(f"patrons/{patron.pk}/notes/write/", "Note on Evi Expired")
    look_at(f"patrons/{patron.pk}/cards/{card.pk}/", "Card 000777")
    look_at(f"patrons/{patron.pk}/cards/{card.pk}/replace/", "Replace card 000777")
    dora_inspects.end()


def test_pages_of_the_administration(dora_inspects: Inspector, scene: Scene) -> None:
    world = scene.world
    look_at = dora_inspects.look_at
    look_at("admin/", "Admin")
    look_at("admin/organization/", "Organization settings")
    look_at("sites/maple/edit/", "Edit Maple")
    look_at("admin/identity-providers/", "Identity providers")
    look_at("admin/identity-providers/add/", "Add an identity provider")
    look_at("admin/identity-providers/add/?kind=oidc", "Add OpenID Connect")
    look_at("admin/templates/", "Registration templates")
    add_registration_template(world.operator, WantedTemplate("Summer", world.maple))
    look_at("admin/templates/", "Registration templates")
    look_at("admin/templates/add/", "Add a template")
    look_at("patrons/register/", "Register a patron")
    look_at("admin/patron-types/", "Patron types")
    look_at(f"admin/patron-types/{world.types['Student'].pk}/", "Edit Student")
    look_at("admin/access-levels/", "Access levels")
    dora_inspects.visitor.page.locator("summary").click()
    dora_inspects.inspect("matrix")
    look_at(f"admin/access-levels/{world.levels['Teacher'].pk}/", "Edit Teacher")
    dora_inspects.visitor.page.get_by_label("Name").fill("Patron")
    dora_inspects.visitor.by_role("button", "Save this access level").click()
    dora_inspects.visitor.page.get_by_role("alert").wait_for()
    dora_inspects.inspect("level with an error")
    dora_inspects.end()


def test_pages_of_who_may_less(visit: Visit, scene: Scene) -> None:
    librarian = Inspector(visit(scene.leo))
    librarian.look_at("update-patrons/", "You may not do this here", 403)
    librarian.look_at(f"patrons/{scene.clashing.pk}/edit/", "Edit Clara Clash")
    patron = Inspector(visit(scene.clashing.account))
    patron.look_at("", "My library")
    patron.look_at("my-library/contact/", "How the library writes to you")
    for path in ("/me/", "/me/personal-data/", "/me/what-is-known/"):
        patron.visitor.page.goto(path)
        patron.inspect(path)
    librarian.end()
    patron.end()


def test_pages_of_jobs(dora_inspects: Inspector, scene: Scene) -> None:
    look_at = dora_inspects.look_at
    undone, done = scene.undone(), scene.done()
    look_at(f"jobs/{done.pk}/", f"Job {done.pk}: Add associations with Cedar")
    look_at(
        f"jobs/{done.pk}/?show=barcode_changed&q=cl", f"Job {done.pk}: Add associations with Cedar"
    )
    look_at(f"jobs/{done.pk}/undo/", f"Undo job {done.pk}?")
    look_at(f"jobs/{done.pk}/print/", f"Job {done.pk}: Add associations with Cedar")
    look_at(f"jobs/{undone.pk}/", f"Job {undone.pk}: Add associations with Cedar")
    failed = scene.failed(to="alder")
    look_at(f"jobs/{failed.pk}/", f"Job {failed.pk}: Add associations with Alder")
    planned = scene.planned(to="depot")
    look_at(f"jobs/{planned.pk}/", f"Job {planned.pk}: Add associations with Depot")
    look_at(f"jobs/{planned.pk}/confirm/", f"Add {SELECTED} associations?")
    applying = scene.applying(to="depot")
    look_at(f"jobs/{applying.pk}/", f"Job {applying.pk}: Add associations with Depot")
    look_at("jobs/", "Jobs")
    look_at("", "Home")
    dora_inspects.end()


def test_the_sentence_filled_and_with_errors(dora_inspects: Inspector) -> None:
    words = "at=maple&whose=grade_level&value=5&to=depot&patron_type=Student&access_level=Patron"
    dora_inspects.look_at(f"update-patrons/add-associations/?{words}", "Add associations")
    dora_inspects.visitor.to("update-patrons/add-associations/")
    dora_inspects.visitor.by_role("button", "Preview").click()
    dora_inspects.visitor.page.get_by_role("alert").wait_for()
    dora_inspects.inspect("sentence with errors")
    dora_inspects.end()


def test_pages_of_sources(dora_inspects: Inspector, scene: Scene) -> None:
    look_at = dora_inspects.look_at
    look_at("sources/", "Sources")
    look_at("sources/add/", "Add a source")
    page = dora_inspects.visitor.page
    page.locator("input[type=file]").set_input_files(
        Path(formats.__file__).parent / "delimited" / "fixtures" / "students-powerschool.csv"
    )
    page.get_by_role("button", name="Look at this file").click()
    page.get_by_role("heading", name="Map the columns").wait_for()
    dora_inspects.inspect("a sample")
    page.get_by_label("Home_Phone").select_option(label="Mobile phone")
    page.get_by_role("button", name="Show the rows so").click()
    page.get_by_text("mobile_phone: “none” is no telephone number").first.wait_for()
    page.get_by_role("button", name="Save this source").click()
    page.get_by_role("heading", name="What its columns give").wait_for()
    look_at("sources/", "Sources")
    look_at("sources/students-powerschool/", "students-powerschool")
    look_at("sources/students-powerschool/edit/", "Edit students-powerschool")
    dora_inspects.end()
