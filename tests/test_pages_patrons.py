"""The pages about patrons and sites: what they show, to whom, and how Edit patron writes."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from openpatron.accounts.models import Account, Registration
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change
from openpatron.organizations.models import Organization
from openpatron.patrons.actions.edit_patron import EditedPatron, edit_patron
from openpatron.patrons.models import Association, Homeroom, Patron
from openpatron.web.errors import broken

from .world import World

near_the_database = pytest.mark.postgres


class Visitor:
    """Somebody at the pages of Cascadia."""

    def __init__(self, account: Account) -> None:
        self.client = Client()
        self.client.force_login(account)

    def get(self, name: str, *args: Any, **query: Any) -> Any:
        return self.client.get(reverse(name, args=["cascadia", *args]), query)

    def text(self, name: str, *args: Any, **query: Any) -> str:
        answer = self.get(name, *args, **query)
        assert answer.status_code == 200, answer.status_code
        return words(answer)

    def names(self, **query: Any) -> list[str]:
        """The last names in the list, in its order."""
        page = self.get("patrons", **query).content.decode()
        return re.findall(r'class="op-name"><a [^>]*><bdi>([^,<]*)', page)


def words(answer: Any) -> str:
    """Return what a page says, without its markup."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


@pytest.fixture
def dora(world: World) -> Visitor:
    return Visitor(world.staff("District patrons manager", username="dora"))


@pytest.fixture
def leo(world: World) -> Visitor:
    return Visitor(world.staff("Library administrator", world.maple, username="leo"))


# Signing in


def sign_in(client: Client, login: str, password: str) -> Any:
    return client.post(
        reverse("account_login"), {"login": login, "password": password}, follow=True
    )


@pytest.fixture
def ada(world: World) -> Account:
    account = world.patron(username="ada", email="ada@example.org").account
    account.set_password("a long enough word")
    account.save()
    return account


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.org", "Ada@Example.ORG"])
def test_signing_in_by_username_or_e_mail(ada: Account, login: str) -> None:
    answer = sign_in(Client(), login, "a long enough word")
    assert answer.wsgi_request.user == ada


def test_an_unknown_name_and_a_wrong_password_are_answered_alike(ada: Account) -> None:
    answers = [
        sign_in(Client(), login, "wrong")
        for login in (ada.username, ada.email, "nobody", "nobody@example.org")
    ]
    alerts = {re.search(r'role="alert".*?</div>', a.content.decode(), re.DOTALL) for a in answers}
    assert len({found and found[0] for found in alerts}) == 1
    assert not any(a.wsgi_request.user.is_authenticated for a in answers)


def test_too_many_attempts_are_answered_by_a_page(ada: Account, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
    client = Client()
    statuses = [sign_in(client, "ada", "wrong").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert "Wait five minutes" in words(sign_in(client, "ada", "wrong"))


def test_a_closed_account_is_told_so(ada: Account) -> None:
    ada.is_active = False
    ada.save()
    answer = sign_in(Client(), "ada", "a long enough word")
    assert not answer.wsgi_request.user.is_authenticated
    assert "This account is closed" in words(answer)


@pytest.mark.parametrize("path", ["/accounts/signup/", "/sign-up/", "/accounts/password/reset/"])
def test_nobody_signs_up_or_resets_a_password(db: None, path: str) -> None:
    assert Client().get(path).status_code == 404


# The start and the home page


def test_the_start_leads_to_the_only_organization(dora: Visitor) -> None:
    assert dora.client.get("/").headers["Location"] == "/o/cascadia/"


def test_the_start_lets_one_choose_or_says_that_there_is_none(world: World) -> None:
    account = world.staff("Teacher", world.maple)
    Registration.objects.create(account=account, organization=world.rainier)
    assert re.search(r"Cascadia.*Rainier", words(Visitor(account).client.get("/")))
    nobody = Account.objects.create(username="nobody", last_name="Nobody")
    assert "no library has registered you" in words(Visitor(nobody).client.get("/"))


@pytest.mark.any_engine
@near_the_database
def test_the_home_page_says_who_is_where_and_what_needs_attention(
    world: World, dora: Visitor
) -> None:
    world.patron(world.cedar, patron_type="Faculty")
    late = world.patron()
    Patron.objects.filter(pk=late.pk).update(expires_on=date(2020, 6, 30))
    world.cedar.barcode_last = 7
    world.cedar.save()
    world.plan()
    said = dora.text("home")
    assert "1 patron is active, but has expired" in said
    assert "Cedar has 7 numbers left" in said
    assert "1 plan waits for a yes" in said
    page = dora.get("home").content.decode()
    assert 'aria-label="Cedar: Faculty 1"' in page
    assert "?site=cedar" in page


def test_home_for_a_patron_is_the_own_library_card(world: World) -> None:
    pat = world.patron(barcode="4711", username="pat")
    visitor = Visitor(pat.account)
    answer = visitor.client.get("/o/cascadia/", follow=True)
    assert answer.redirect_chain == [("/o/cascadia/my-library/", 302)]
    assert "4711" in words(answer)
    assert "Patrons" not in words(answer)
    assert visitor.get("patrons").status_code == 403


# The list


@pytest.mark.any_engine
@near_the_database
def test_a_site_librarian_sees_the_own_sites_patrons_only(world: World, leo: Visitor) -> None:
    world.patron(last="Here")
    there = world.patron(world.cedar, "4711", last="There")
    assert "Here" in leo.names()
    assert "There" not in leo.names(q="There")
    assert leo.names(site="cedar") == leo.names()  # a site out of sight is no filter
    assert "means nothing here" in leo.text("patrons", site="cedar")
    assert leo.get("patrons", q="4711").status_code == 200
    assert leo.get("patron", there.pk).status_code == 404
    assert "There" not in b"".join(leo.get("export_patrons", "csv").streaming_content).decode()


@pytest.mark.any_engine
@near_the_database
def test_filters_come_off_singly(world: World, dora: Visitor) -> None:
    world.patron(last="One", grade="4", year=2035, status="restricted")
    world.patron(last="Two", grade="4")
    world.patron(world.cedar, last="Three", grade="4", patron_type="Faculty", level="Teacher")
    assert dora.names(grade="4", site="maple") == ["One", "Two"]
    assert dora.names(grade="4", type="Faculty") == ["Three"]
    assert dora.names(level="Teacher", grade="4") == ["Three"]
    assert dora.names(status="restricted") == ["One"]
    assert dora.names(year="2035") == ["One"]
    page = unescape(dora.get("patrons", grade="4", site="maple", page="1").content.decode())
    assert 'href="?site=maple"' in page
    assert 'href="?grade=4"' in page
    assert "Nobody" not in dora.names(q="o", status="nonsense")


def test_expired_patrons_can_be_listed(world: World, dora: Visitor) -> None:
    late = world.patron(last="Late")
    Patron.objects.filter(pk=late.pk).update(expires_on=date(2020, 6, 30))
    assert dora.names(expired="yes", status="active") == ["Late"]


@near_the_database
def test_grades_are_in_their_order_and_empty_values_last(world: World, dora: Visitor) -> None:
    for grade in ("10", "K", "2", "PK"):
        world.patron(last=f"In {grade}", grade=grade)
    in_order = [name for name in dora.names(sort="grade") if name.startswith("In ")]
    assert in_order == ["In PK", "In K", "In 2", "In 10"]
    assert dora.names(sort="-grade")[:4] == ["In 10", "In 2", "In K", "In PK"]
    assert dora.names(sort="nonsense") == dora.names()


def test_paging_keeps_its_place_and_the_filters(world: World, dora: Visitor) -> None:
    world.crowd(120)
    page = unescape(dora.get("patrons", grade="5", page="2").content.decode())
    assert "51 to 100 of 120" in page
    assert 'href="?grade=5&page=3"' in page
    assert "101 to 120 of 120" in unescape(
        dora.get("patrons", page="99", grade="5").content.decode()
    )


def test_columns_are_remembered(dora: Visitor, world: World) -> None:
    world.patron(last="Here", email="here@example.org")
    assert "here@example.org" not in dora.text("patrons")
    assert "here@example.org" in dora.text("patrons", columns=["name", "email"])
    assert "here@example.org" in dora.text("patrons")


@near_the_database
@pytest.mark.parametrize("text", ["", " ", "%", "_", "'", '"', "\x00", "🙂", "ש", "x" * 10_000])
def test_any_text_can_be_searched(world: World, dora: Visitor, text: str) -> None:
    world.patron(last="O'Neil_100%🙂")
    assert dora.get("patrons", q=text).status_code == 200
    assert dora.get("patrons", q="l_100%").status_code == 200


def test_nothing_found_says_what_to_do(dora: Visitor) -> None:
    assert "Take off all filters" in dora.text("patrons", q="zzzz")


# The scanner


@near_the_database
def test_a_scanned_barcode_opens_the_patron(world: World, dora: Visitor) -> None:
    patron = world.patron(barcode="29000014")
    answer = dora.get("patrons", q=" 29000014 ")
    assert answer.headers["Location"] == reverse("patron", args=["cascadia", patron.pk])


def test_a_replaced_barcode_opens_nobody(world: World, dora: Visitor) -> None:
    patron = world.patron(barcode="4711")
    world.card(patron, world.maple, "4710", "replaced")
    assert dora.get("patrons", q="4710").status_code == 200


@near_the_database
def test_a_barcode_at_several_sites_asks_whom(world: World, dora: Visitor, leo: Visitor) -> None:
    here = world.patron(barcode="4711", last="Here")
    world.patron(world.cedar, "4711", last="There")
    said = dora.text("patrons", q="4711")
    assert "held by several patrons" in said
    assert re.search(r"Here, Ada Maple .*There, Ada Cedar", said)
    assert dora.names(q="4711", scan="no") == ["Here", "There"]
    # Who sees one site only is not asked, and not told.
    answer = leo.get("patrons", q="4711")
    assert answer.headers["Location"].endswith(f"/patrons/{here.pk}/")


# The export


@near_the_database
def test_the_export_holds_the_list_in_safe_cells(world: World, dora: Visitor) -> None:
    world.patron(first="=1+1", last="@SUM(A1)", barcode="4711", grade="4")
    world.patron(last="Other", grade="6")
    answer = dora.get("export_patrons", "csv", grade="4")
    body = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(body)))
    assert [(r["Last name"], r["First name"], r["Barcodes"]) for r in rows] == [
        ("'@SUM(A1)", "'=1+1", "maple: 4711")
    ]
    assert "attachment" in answer.headers["Content-Disposition"]


# The patron page


def test_the_patron_page_shows_everything(world: World, dora: Visitor) -> None:
    patron = world.patron(barcode="4711", last="Müller", preferred_name="Bee", district_id="D-1")
    world.card(patron, world.maple, "4710", "replaced")
    world.tie(patron, world.depot, "D000017", level="Teacher")
    Association.objects.filter(patron=patron, site=world.depot).update(
        resource_group=world.groups["Staff lending"]
    )
    said = dora.text("patron", patron.pk)
    for expected in ("Bee Müller", "4710 replaced", "Resource group Staff lending", "D-1", "Depot"):
        assert expected in said
    assert reverse("edit_patron", args=["cascadia", patron.pk]) in str(
        dora.get("patron", patron.pk).content
    )


def test_who_may_not_edit_is_told_the_right(world: World) -> None:
    viewer = world.levels["Teacher"]
    viewer.permissions = ["patrons.view"]
    viewer.save()
    said = Visitor(world.staff("Teacher")).text("patron", world.patron().pk)
    assert "You need the right “Edit patrons” at Maple." in said


def test_a_librarian_sees_other_associations_but_not_their_numbers(
    world: World, leo: Visitor
) -> None:
    patron = world.patron(barcode="4711")
    world.tie(patron, world.cedar, "290001")
    said = leo.text("patron", patron.pk)
    assert "Cedar" in said
    assert "290001" not in said


def test_history_tells_jobs_and_edits(world: World, dora: Visitor) -> None:
    patron = world.patron(barcode="4711")
    job = world.plan()
    run(confirm_job(world.operator, job))
    save(dora, patron, grade_level="6")
    said = dora.text("patron", patron.pk)
    assert re.search(r"Edited .* Lovelace\d+ Grade level from 5 to 6", said)
    assert "Add associations with Cedar" in said
    assert reverse("job", args=["cascadia", job.pk]) in str(dora.get("patron", patron.pk).content)


def test_long_history_is_paged(world: World, dora: Visitor) -> None:
    patron = world.patron(grade="0")
    for grade in range(1, 14):
        edit_patron(world.operator, patron.pk, EditedPatron("active", str(grade), 2034, None))
    assert "from 12 to 13" in dora.text("patron", patron.pk)
    assert "from 0 to 1" in dora.text("patron", patron.pk, history="2")


# Edit patron


def fields_of(visitor: Visitor, patron: Patron) -> dict[str, str]:
    """Return the form as a browser would send it."""
    shown = visitor.get("edit_patron", patron.pk).context
    form = shown["form"]
    sent = {name: form[name].value() for name in form.fields if not form.fields[name].disabled}
    sent["seen"] = shown["seen"]
    return {name: "" if value is None else str(value) for name, value in sent.items()}


def save(visitor: Visitor, patron: Patron, /, **changed: str) -> Any:
    """Open the form, change something, send it."""
    return send(visitor, patron, fields_of(visitor, patron) | changed)


def send(visitor: Visitor, patron: Patron, sent: dict[str, str]) -> Any:
    return visitor.client.post(reverse("edit_patron", args=["cascadia", patron.pk]), sent)


@pytest.mark.any_engine
@near_the_database
def test_edit_writes_what_differs_and_one_change(world: World, dora: Visitor) -> None:
    patron = world.patron()
    tie = Association.objects.get(patron=patron)
    room = Homeroom.objects.create(organization=world.cascadia, site=world.maple, name="5A")
    answer = save(
        dora,
        patron,
        **{
            "status": "restricted",
            "grade_level": "6",
            "graduation_year": "2033",
            "expires_on": "2030-06-30",
            f"type_{tie.pk}": str(world.types["Faculty"].pk),
            f"homeroom_{tie.pk}": str(room.pk),
        },
    )
    assert answer.headers["Location"] == reverse("patron", args=["cascadia", patron.pk])
    change = Change.objects.get(subject_id=patron.pk)
    assert change.after == {
        "status": "restricted",
        "grade_level": "6",
        "graduation_year": 2033,
        "expires_on": "2030-06-30",
        "patron_type at maple": "Faculty",
        "homeroom at maple": "5A",
    }
    assert "is saved" in dora.text("patron", patron.pk)


def test_nothing_different_writes_nothing(world: World, dora: Visitor) -> None:
    patron = world.patron()
    Patron.objects.filter(pk=patron.pk).update(expires_on=date(2030, 6, 30))
    save(dora, patron)
    assert not Change.objects.filter(subject_id=patron.pk).exists()
    assert "Nothing was different" in dora.text("patron", patron.pk)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("graduation_year", "1", "1900 to 2200"),
        ("graduation_year", "soon", "1900 to 2200"),
        ("expires_on", "30.2.2030", "Give a date that exists"),
        ("grade_level", "x" * 31, "At most 30 characters"),
        ("grade_level", "5\x00", "Null characters"),
        ("status", "banned", "Choose one of the values"),
    ],
)
def test_a_wrong_value_is_said_at_its_field_and_kept(
    world: World, dora: Visitor, field: str, typed: str, said: str
) -> None:
    patron = world.patron()
    answer = save(dora, patron, **{field: typed, "graduation_year": "2031"} | {field: typed})
    assert answer.status_code == 422
    page = unescape(answer.content.decode())
    assert page.count(said) == 2  # in the summary and beside the field
    assert f'href="#id_{field}"' in page
    assert field == "status" or typed.replace("\x00", "") in page.replace("\x00", "")
    assert not Change.objects.filter(subject_id=patron.pk).exists()


def test_an_error_of_the_action_stands_at_its_field(world: World, dora: Visitor) -> None:
    patron = world.patron()
    answer = save(dora, patron, grade_level="5\x07")
    assert answer.status_code == 422
    assert 'id="id_grade_level_error"' in answer.content.decode()


def test_a_librarian_edits_only_at_the_own_site(world: World, leo: Visitor) -> None:
    patron = world.patron()
    tie = world.tie(patron, world.cedar, "4711")
    assert "You do not hold the right “Edit patrons” at Cedar" in leo.text("edit_patron", patron.pk)
    save(leo, patron, **{f"type_{tie.pk}": str(world.types["Faculty"].pk), "grade_level": "6"})
    tie.refresh_from_db()
    patron.refresh_from_db()
    assert (tie.patron_type, patron.grade_level) == (world.types["Student"], "6")


def test_nobody_grants_more_than_they_hold(world: World, leo: Visitor) -> None:
    patron = world.patron()
    tie = Association.objects.get(patron=patron)
    above = world.levels["District patrons manager"]
    assert above.name not in leo.text("edit_patron", patron.pk)
    answer = save(leo, patron, **{f"level_{tie.pk}": str(above.pk)})
    assert answer.status_code == 422
    # What leo holds at maple does not hold at cedar.
    there = world.tie(patron, world.cedar, level="Library administrator")
    assert "You do not hold the right “Edit patrons” at Cedar" in leo.text("edit_patron", patron.pk)
    save(leo, patron, **{f"level_{there.pk}": str(world.levels["Patron"].pk), "grade_level": "7"})
    there.refresh_from_db()
    assert there.access_level.name == "Library administrator"
    # And who holds more than leo does anywhere is not leo's to edit.
    Association.objects.filter(pk=tie.pk).update(access_level=above)
    assert leo.get("edit_patron", patron.pk).status_code == 403
    assert "Holds rights that you do not hold" in leo.text("patron", patron.pk)


def test_a_homeroom_of_another_site_is_not_offered(world: World, dora: Visitor) -> None:
    patron = world.patron()
    tie = Association.objects.get(patron=patron)
    room = Homeroom.objects.create(organization=world.cascadia, site=world.cedar, name="There")
    assert "There" not in dora.text("edit_patron", patron.pk)
    assert save(dora, patron, **{f"homeroom_{tie.pk}": str(room.pk)}).status_code == 422


@near_the_database
def test_two_people_editing_at_once_overwrite_nothing_silently(
    world: World, dora: Visitor, leo: Visitor
) -> None:
    patron = world.patron()
    opened = fields_of(dora, patron)
    save(leo, patron, grade_level="7", status="restricted")

    answer = send(dora, patron, opened | {"grade_level": "6"})
    assert answer.status_code == 422
    said = words(answer)
    assert "somebody changed this patron" in said
    assert "Grade level 5 7 6" in said
    assert "Status active restricted the new value" in said
    assert "The last change was made by Ada Lovelace" in said
    patron.refresh_from_db()
    assert (patron.grade_level, patron.status) == ("7", "restricted")

    form = answer.context["form"]
    again = {name: str(form[name].value() or "") for name in form.fields}
    send(dora, patron, again | {"seen": answer.context["seen"]})
    patron.refresh_from_db()
    assert (patron.grade_level, patron.status) == ("6", "restricted")


def test_an_association_added_meanwhile_is_shown_not_lost(world: World, dora: Visitor) -> None:
    patron = world.patron()
    opened = fields_of(dora, patron)
    world.tie(patron, world.cedar, "4711")
    answer = send(dora, patron, opened | {"grade_level": "6"})
    assert "Patron type at Cedar" in words(answer)
    assert answer.context["form"].is_valid()


def test_a_forged_form_is_not_believed(world: World, dora: Visitor) -> None:
    patron = world.patron()
    assert save(dora, patron, seen="forged", grade_level="6").status_code == 302


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/o/cascadia/jobs/", "/o/cascadia/jobs/"),
        ("https://elsewhere.example/", None),
        ("//elsewhere.example/", None),
        ("javascript:alert(1)", None),
    ],
)
def test_saving_leads_back_but_never_elsewhere(
    world: World, dora: Visitor, wanted: str, reached: str | None
) -> None:
    patron = world.patron()
    answer = save(dora, patron, next=wanted, grade_level="6")
    own = reverse("patron", args=["cascadia", patron.pk])
    assert answer.headers["Location"] == (reached or own)


# Sites


@pytest.mark.any_engine
@near_the_database
def test_sites_say_their_pattern_and_their_next_number(world: World, dora: Visitor) -> None:
    value = world.cedar.barcode_pattern.value
    world.patron(world.cedar, value(41))
    said = dora.text("sites")
    assert "29 , then 5 digits, then a check character (Luhn)" in said
    assert value(42) in said
    assert "no pattern" not in said
    assert "Homerooms" in dora.text("site", "cedar")
    assert dora.get("site", "nowhere").status_code == 404


def test_an_exhausted_site_says_so(world: World, dora: Visitor) -> None:
    world.cedar.barcode_last = 1
    world.cedar.save()
    world.patron(world.cedar, world.cedar.barcode_pattern.value(1))
    assert "all given" in dora.text("sites")
    assert "Cedar has given all its numbers" in dora.text("home")


def test_a_librarian_sees_the_own_site_only(leo: Visitor) -> None:
    assert "Cedar" not in leo.text("sites")
    assert leo.get("site", "cedar").status_code == 404


def test_numbers_of_the_whole_organization_belong_to_no_site(world: World, dora: Visitor) -> None:
    Organization.objects.filter(pk=world.cascadia.pk).update(barcode_scope="organization")
    assert "numbers belong to the organization" in dora.text("sites")
    assert "numbers left" not in dora.text("home")


# What holds for all


PAGES: list[tuple[str, tuple[str, ...]]] = [
    ("home", ()),
    ("patrons", ()),
    ("sites", ()),
    ("site", ("maple",)),
    ("my_library", ()),
]


@pytest.mark.parametrize(("name", "args"), PAGES)
def test_a_page_says_where_one_is(dora: Visitor, name: str, args: tuple[str, ...]) -> None:
    page = dora.get(name, *args).content.decode()
    assert re.search(r"<title>[^<]*Cascadia · OpenPatron</title>", page)
    assert page.count("<h1") == 1
    assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?![^>]*src=)", page)


def test_the_missing_right_is_named(leo: Visitor) -> None:
    answer = leo.get("jobs")
    assert answer.status_code == 403
    assert "“See the jobs”" in words(answer)
    assert "Cascadia" in words(answer)


def test_a_form_from_elsewhere_is_refused_by_a_page(ada: Account) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    answer = client.post(reverse("account_logout"))
    assert answer.status_code == 403
    assert "This form could not be accepted" in words(answer)


def test_a_strange_host_and_a_failure_are_answered_by_pages(db: None) -> None:
    answer = Client().get("/", headers={"host": "elsewhere.example"})
    assert (answer.status_code, "could not be read" in words(answer)) == (400, True)
    failed = broken(RequestFactory().get("/"))
    assert (failed.status_code, "on our side" in words(failed)) == (500, True)


@pytest.mark.parametrize("number", [0, 10**30])
def test_a_number_that_nobody_has(dora: Visitor, number: int) -> None:
    assert dora.client.get(f"/o/cascadia/patrons/{number}/").status_code == 404


@pytest.mark.any_engine
@near_the_database
def test_queries_do_not_grow_with_the_patrons(world: World, dora: Visitor) -> None:
    patron = world.patron()
    pages: list[tuple[str, tuple[Any, ...], dict[str, str]]] = [
        ("home", (), {}),
        ("patrons", (), {}),
        ("patrons", (), {"q": "lov", "sort": "-grade", "site": "maple"}),
        ("patron", (patron.pk,), {}),
        ("edit_patron", (patron.pk,), {}),
        ("sites", (), {}),
    ]

    def counts() -> list[int]:
        found = []
        for name, args, query in pages:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                dora.text(name, *args, **query)
            found.append(len(queries))
        return found

    world.crowd(10)
    few = counts()
    world.crowd(200)
    for other in Patron.objects.all()[:40]:
        world.tie(other, world.alder, f"A{other.pk}")
    assert counts() == few
    assert max(few) <= 24, few


def test_the_export_asks_per_thousand_not_per_patron(world: World, dora: Visitor) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            list(dora.get("export_patrons", "csv").streaming_content)
        return len(queries)

    world.crowd(10)
    few = count()
    world.crowd(200)
    assert count() == few
