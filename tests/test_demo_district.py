"""What the demo district holds, at its usual size."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import groupby

import pytest
from django.contrib.auth import authenticate
from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django_scopes import scopes_disabled
from pytest_django import DjangoDbBlocker

from openpatron.access.actor import CLI, operator
from openpatron.access.models import AccessLevel, ResourceGroup
from openpatron.access.registry import permission, permissions
from openpatron.accounts.models import Account, Registration
from openpatron.demo.load import DEFAULT_PATRONS, load_demo
from openpatron.demo.sign_ins import PASSWORD, SIGN_INS
from openpatron.ledger.engine import run
from openpatron.organizations.models import Organization, Site
from openpatron.organizations.scope import find_organization, open_organization
from openpatron.patrons.actions.add_associations import ask, plan_associations
from openpatron.patrons.actors import actor_for
from openpatron.patrons.models import Association, Barcode, Homeroom, Patron
from openpatron.patrons.search import matching, search_text, sort_name
from openpatron.rostering.queries import readiness

# What it holds is the same on every engine: test_load_demo compares.
pytestmark = pytest.mark.django_db

ELEMENTARY = ("maple", "alder", "birch")


@pytest.fixture(scope="module", autouse=True)
def demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The demo, loaded once for all tests of this file; each test's changes are rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_demo(DEFAULT_PATRONS)
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def cascadia(db: None) -> Iterator[Organization]:
    """Cascadia, opened."""
    with open_organization(find_organization("cascadia")) as organization:
        yield organization


def current() -> QuerySet[Barcode]:
    return Barcode.objects.filter(state="current")


def clashing(site: str, elsewhere: tuple[str, ...]) -> int:
    """Count the current numbers at a site that are somebody else's at one of the others."""
    others = Barcode.objects.filter(value=OuterRef("value"), site__short_name__in=elsewhere)
    held = current().filter(site__short_name=site)
    return held.filter(Exists(others.exclude(patron=OuterRef("patron")))).count()


def test_the_sites_are_those_that_the_issue_names() -> None:
    sites = dict(Site.objects.values_list("short_name", "kind"))
    assert sites == dict.fromkeys((*ELEMENTARY, "cedar", "spruce"), "library") | {
        "depot": "resource",
        "studio": "media",
    }
    with open_organization(find_organization("rainier")):
        assert set(Site.objects.values_list("short_name", flat=True)) == {"fir", "hemlock"}


def test_the_district_has_about_six_thousand_patrons() -> None:
    assert Patron.objects.count() == DEFAULT_PATRONS
    statuses = Counter(Patron.objects.values_list("status", flat=True))
    assert set(statuses) == {"active", "inactive", "restricted"}
    assert statuses["active"] > 0.9 * DEFAULT_PATRONS
    types = Counter(Association.objects.values_list("patron_type__name", flat=True))
    assert set(types) == {"Student", "Faculty"}
    with open_organization(find_organization("rainier")):
        assert 300 <= Patron.objects.count() <= 500


def test_everybody_is_registered_and_has_one_primary_association() -> None:
    per_patron = Patron.objects.annotate(
        primary=Count("associations", filter=Q(associations__is_primary=True))
    )
    assert set(per_patron.values_list("primary", flat=True)) == {1}
    with scopes_disabled():
        patrons = list(Patron.objects.order_by("account_id", "organization_id"))
    rows = Registration.objects.order_by("account_id", "organization_id")
    assert list(rows.values_list("account_id", "organization_id")) == [
        (p.account_id, p.organization_id) for p in patrons
    ]


def test_some_people_belong_to_both_organizations() -> None:
    twice = Account.objects.annotate(n=Count("registrations")).filter(n=2)
    assert 4 <= twice.count() <= 10
    assert twice.filter(username="ada.admin").exists()


def test_nothing_points_into_the_other_organization() -> None:
    with scopes_disabled():
        crossing = [
            Association.objects.exclude(
                patron__organization=F("organization"),
                site__organization=F("organization"),
                patron_type__organization=F("organization"),
                access_level__organization=F("organization"),
            ),
            Association.objects.filter(homeroom__isnull=False).exclude(homeroom__site=F("site")),
            Association.objects.filter(resource_group__isnull=False).exclude(
                resource_group__site=F("site"), resource_group__access_level=F("access_level")
            ),
            Barcode.objects.exclude(
                patron__organization=F("organization"), site__organization=F("organization")
            ),
            Homeroom.objects.exclude(
                site__organization=F("organization"), supervisor__organization=F("organization")
            ),
        ]
        assert [rows.count() for rows in crossing] == [0] * len(crossing)
    connection.check_constraints()


def test_resource_groups_are_tied_to_two_levels_with_permissions_of_their_own() -> None:
    groups = ResourceGroup.objects.filter(site__short_name="depot").order_by("name")
    tied = {g.access_level.name: (g.name, tuple(g.permissions)) for g in groups}
    assert {level: name for level, (name, _held) in tied.items()} == {
        "Patron": "Self checkout",
        "Teacher": "Staff lending",
    }
    assert len({held for _name, held in tied.values()}) == 2
    at_depot = Association.objects.filter(site__short_name="depot")
    assert at_depot.filter(resource_group__name="Self checkout").count() > 20
    assert at_depot.filter(resource_group__name="Staff lending").count() > 20
    assert not at_depot.filter(
        access_level__name__in=("Patron", "Teacher"), resource_group=None
    ).exists()


def test_access_levels_hold_permissions_that_exist() -> None:
    levels = dict(AccessLevel.objects.values_list("name", "permissions"))
    assert set(levels) == {
        "Patron", "Teacher", "Guest", "Read-only staff", "Circulation", "Student worker",
        "User manager", "Library administrator", "District patrons manager", "Full rights",
    }  # fmt: skip
    for held in levels.values():
        assert [permission(name).name for name in held] == held
    assert levels["Patron"] == levels["Guest"] == []
    assert set(levels["Full rights"]) == {p.name for p in permissions()}
    used = set(Association.objects.values_list("access_level__name", flat=True))
    assert used == set(levels) - {"District patrons manager", "Full rights"}


def test_grades_fit_sites_and_graduation_years() -> None:
    rows = Association.objects.filter(is_primary=True, patron_type__name="Student").values_list(
        "site__short_name", "patron__grade_level", "patron__graduation_year"
    )
    grades: dict[str, set[str]] = {}
    for site, grade, year in rows:
        grades.setdefault(site, set()).add(grade)
        assert year == 2038 - (0 if grade == "K" else int(grade))
    elementary = {"K", "1", "2", "3", "4", "5"}
    assert grades == dict.fromkeys(ELEMENTARY, elementary) | {
        "cedar": {"6", "7", "8"},
        "spruce": {"9", "10", "11", "12"},
    }
    faculty = Association.objects.filter(is_primary=True, patron_type__name="Faculty")
    sites = set(faculty.values_list("site__short_name", flat=True))
    assert sites == {*ELEMENTARY, "cedar", "spruce", "depot"}


def test_homerooms_have_a_supervisor_of_the_faculty_who_is_in_them() -> None:
    rooms = Homeroom.objects.all()
    assert rooms.count() > 100
    supervising = Association.objects.filter(
        patron_type__name="Faculty",
        patron=OuterRef("supervisor"),
        site=OuterRef("site"),
        homeroom=OuterRef("pk"),
    )
    assert not rooms.filter(~Exists(supervising)).exists()
    rows = (
        Association.objects.filter(homeroom__isnull=False, patron_type__name="Student")
        .order_by("homeroom_id")
        .values_list("homeroom_id", "homeroom__name", "patron__grade_level")
    )
    counted = 0
    for (_room, name), students in groupby(rows, key=lambda row: row[:2]):
        together = [grade for _id, _name, grade in students]
        assert set(together) == {name.partition("-")[0]}
        assert len(together) <= 24
        counted += 1
    assert counted == rooms.count()


def test_a_few_hundred_numbers_clash_between_sites() -> None:
    assert 150 <= sum(clashing(site, ("cedar",)) for site in ELEMENTARY) <= 400
    for site in ELEMENTARY:
        assert clashing(site, ("cedar",)) >= 40
        assert clashing(site, tuple(other for other in ELEMENTARY if other != site)) >= 20


def test_numbers_are_written_where_the_value_fits_the_pattern() -> None:
    patterns = {site.pk: site.barcode_pattern for site in Site.objects.all()}
    assert {pattern.check for pattern in patterns.values()} == {"none", "luhn", "mod43"}
    fitting = 0
    for site, value, number in Barcode.objects.values_list("site_id", "value", "number"):
        assert number == patterns[site].number(value)
        assert value == value.strip()
        fitting += number is not None
    assert 0 < fitting < Barcode.objects.count()
    assert Barcode.objects.filter(state="replaced", number__isnull=False).count() > 20
    # Everybody has a card wherever they are associated.
    assert current().count() == Association.objects.count()


def test_search_texts_and_sort_names_are_what_the_search_makes() -> None:
    patrons = Patron.objects.select_related("account").prefetch_related("barcodes")
    for patron in patrons:
        values = sorted((b.pk, b.value) for b in patron.barcodes.all() if b.state == "current")
        once = list(dict.fromkeys(value for _id, value in values))
        assert patron.search_text == search_text(patron.account, patron.district_id, once)
        assert patron.sort_name == sort_name(patron.account)
    somebody = current().filter(site__short_name="birch").order_by("-pk")[0]
    assert somebody.patron in matching(Patron.objects.all(), somebody.value)


def test_names_come_from_several_scripts() -> None:
    accounts = Account.objects.filter(patrons__organization__slug="cascadia")
    scripts: Counter[str] = Counter()
    for account in accounts:
        name = account.full_name
        scripts.update({unicodedata.name(c, "").split()[0] for c in name if c.isalpha()})
        scripts["accents"] += any("WITH" in unicodedata.name(c, "") for c in name)
    for script in ("LATIN", "CYRILLIC", "CJK", "HIRAGANA", "HANGUL", "ARABIC", "accents"):
        assert scripts[script] >= 10, script
    assert accounts.filter(first_name="").count() >= 20
    assert max(len(account.list_name) for account in accounts) > 80


def test_the_main_job_keeps_most_numbers_changes_dozens_and_skips_some(
    cascadia: Organization,
) -> None:
    actor = operator(cascadia)
    asked = ask(
        actor, at="maple", whose="grade_level", value="5", to="cedar",
        patron_type="Student", access_level="Patron",
    )  # fmt: skip
    counts = run(plan_associations(actor, asked)).counts
    kept, changed = counts["planned"][""], counts["planned"]["taken"]
    assert 24 <= changed <= 99
    assert kept > changed
    assert 24 <= counts["skipped"]["associated"] <= 60
    assert "conflict" not in counts


@pytest.mark.parametrize(
    ("username", "anywhere", "everywhere"),
    [
        ("dora.district", "patrons.view", "patrons.manage_district"),
        ("leo.librarian", "patrons.edit", None),
        ("rita.reader", "patrons.view", None),
        ("theo.teacher", "organizations.view_home", None),
        ("pia.patron", None, None),
        ("ada.admin", "patrons.edit", "patrons.manage_district"),
        ("rolf.rainier", None, None),
    ],
)
def test_sign_ins_may_what_their_role_says(
    cascadia: Organization, username: str, anywhere: str | None, everywhere: str | None
) -> None:
    actor = actor_for(Account.objects.get(username=username), cascadia, CLI)
    held = {p.name for p in permissions() if actor.may_anywhere(p.name)}
    assert anywhere in held if anywhere else not held
    wide = {p.name for p in permissions() if actor.may(p.name)}
    assert everywhere in wide if everywhere else not wide


def test_sign_ins_are_at_their_sites() -> None:
    ties = Association.objects.filter(patron__account__username__in=[p.username for p in SIGN_INS])
    assert dict(ties.values_list("patron__account__username", "site__short_name")) == {
        person.username: person.site for person in SIGN_INS if person.slug == "cascadia"
    }
    leo = Account.objects.get(username="leo.librarian")
    maple = Site.objects.get(short_name="maple")
    edits = actor_for(leo, find_organization("cascadia"), CLI).sites_with("patrons.edit")
    assert edits == frozenset({maple.pk})


def test_only_the_sign_ins_and_one_class_have_a_password() -> None:
    assert authenticate(username="dora.district", password=PASSWORD) is not None
    able = {a.username for a in Account.objects.iterator() if a.has_usable_password()}
    classmates = able - {person.username for person in SIGN_INS}
    assert len(able) - len(classmates) == len(SIGN_INS)
    rooms = Association.objects.filter(
        patron__account__username__in=classmates, site__short_name="maple"
    ).values_list("homeroom__supervisor__account__username", flat=True)
    assert list(rooms) == ["theo.teacher"] * 12


def test_the_class_that_signs_in_is_ready_for_the_reading_platform(cascadia: Organization) -> None:
    maple = Site.objects.get(short_name="maple")
    found = readiness(operator(cascadia), maple)
    # Theo and his thirteen.
    assert (found.people_ready, found.rooms_ready) == (14, 1)
