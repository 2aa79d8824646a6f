"""The pages of jobs: preview, confirmation, progress, summary, undo, and the list."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Job
from openpatron.patrons.models import Association

from .visitor import WORDS, Visitor, text_of
from .world import World


@pytest.fixture
def dora(world: World) -> Visitor:
    return Visitor(world.staff("District patrons manager", username="dora"))


def work(job: Job) -> Job:
    return run(Job.objects.get(pk=job.pk))


def test_a_preview_sent_twice_is_one_job(world: World, dora: Visitor) -> None:
    world.patron()
    world.patron(grade="6")
    first, second = dora.preview(), dora.preview()
    job = Job.objects.get()
    assert first.url == second.url == reverse("job", args=["cascadia", job.pk])
    assert (job.kind, job.way, job.created_by.username) == ("add_associations", "web", "dora")  # type: ignore[union-attr]

    # Back in the browser, another word: that is another request, whatever the page's number.
    dora.preview(value="6")
    dora.preview(request="nonsense")
    dora.preview(request="nonsense")
    assert Job.objects.count() == 4


def test_from_preview_to_undo(world: World, dora: Visitor) -> None:
    world.patron(barcode="4711", first="Zoë", last="Keeps")
    world.patron(barcode="4712", first="Иван", last="Clashes")
    world.patron(world.cedar, "4712", grade="7")
    world.tie(world.patron(first="Ada", last="There"), world.cedar)
    dora.preview(value="5")
    job = Job.objects.get()
    number = world.cedar.barcode_pattern.value(1)

    page = dora.get("job", job.pk)
    assert 'hx-trigger="every 1s"' in page.content.decode()
    assert "Planning" in text_of(page) or "Waits for a worker" in text_of(page)

    job = work(job)
    page = dora.get("job", job.pk)
    assert "every 1s" not in page.content.decode()
    said = text_of(page)
    assert "The plan is ready: 2 patrons to be added. Nothing is changed yet." in said
    assert "1 to be added, barcode kept" in said
    assert "1 to be added with a new barcode" in said
    assert "1 Is associated with Cedar already." in said
    assert "Changed from 4712 → to " + number in said
    edit = reverse(
        "edit_patron",
        args=[
            "cascadia",
            Association.objects.filter(patron__account__last_name="Clashes").get().patron_id,
        ],
    )
    assert f'href="{edit}?next=%2Fo%2Fcascadia%2Fjobs%2F{job.pk}%2F"' in page.content.decode()

    question = text_of(dora.get("confirm_job", job.pk))
    assert (
        "2 patrons of Maple get an association with Cedar, with the patron type Student and the "
        "access level Patron." in question
    )
    assert "Yes, add 2 associations" in question
    assert "No, keep the plan" in question

    assert dora.post("confirm_job", job.pk).url == reverse("job", args=["cascadia", job.pk])
    job = work(job)
    assert job.state == "done"
    said = text_of(dora.get("job", job.pk))
    assert "Done: 2 patrons added." in said
    assert "Confirmed Ada" in said
    assert Association.objects.filter(site=world.cedar).count() == 4

    assert "Yes, remove 2 associations" in text_of(dora.get("undo_job", job.pk))
    Association.objects.filter(patron__account__last_name="Keeps", site=world.cedar).update(
        patron_type=world.types["Faculty"]
    )
    dora.post("undo_job", job.pk)
    job = work(job)
    said = text_of(dora.get("job", job.pk))
    assert "Undone: 1 patron; left as they are: 1." in said
    assert "1 Was changed or used after the job; left as it is." in said
    assert "Yes, remove" not in text_of(dora.get("undo_job", job.pk))


def test_a_second_yes_answers_with_the_job(world: World, dora: Visitor) -> None:
    world.crowd(20)
    job = world.plan()
    for _time in range(2):
        answer = dora.post("confirm_job", job.pk)
        assert (answer.status_code, answer.url) == (302, reverse("job", args=["cascadia", job.pk]))
    job = work(job)
    assert (job.state, job.done) == ("done", 20)
    assert dora.post("confirm_job", job.pk).status_code == 302
    assert work(job).state == "done"
    assert dora.get("confirm_job", job.pk).status_code == 302
    assert Association.objects.filter(site=world.cedar).count() == 20


def test_what_cannot_be_done_any_more_is_said_on_the_job_page(world: World, dora: Visitor) -> None:
    world.patron()
    job = world.plan()
    dora.post("cancel_job", job.pk)
    said = text_of(dora.get("job", job.pk))
    assert "The plan was discarded. Nothing was changed." in said
    for name, expected in (
        ("confirm_job", "cannot be confirmed"),
        ("undo_job", "cannot be undone"),
        ("resume_job", "was not stopped by an error"),
    ):
        answer = dora.client.post(reverse(name, args=["cascadia", job.pk]), follow=True)
        assert answer.status_code == 200
        assert expected in text_of(answer)
    assert not Association.objects.filter(site=world.cedar).exists()


def test_a_running_job_shows_how_far_it_is_and_can_be_cancelled(
    world: World, dora: Visitor
) -> None:
    world.crowd(30)
    job = confirm_job(world.operator, world.plan())
    Job.objects.filter(pk=job.pk).update(done=12)
    page = dora.get("job", job.pk)
    assert "12 of 30" in text_of(page)
    assert 'max="30" value="12"' in page.content.decode()
    assert "You can leave this page" in text_of(page)
    assert "1 job at work" in text_of(page)

    dora.post("cancel_job", job.pk)
    assert "stops after this batch" in text_of(dora.get("job", job.pk))
    job = work(job)
    assert job.state == "cancelled"
    assert "not done" in text_of(dora.get("job", job.pk))


def test_a_job_stopped_by_an_error_can_be_tried_again(world: World, dora: Visitor) -> None:
    world.patron()
    job = confirm_job(world.operator, world.plan())
    Job.objects.filter(pk=job.pk).update(
        state="failed", failed_state="applying", error="OSError (1a2b3c4d)"
    )
    said = text_of(dora.get("job", job.pk))
    assert "1a2b3c4d" in said
    assert "Try again" in said
    dora.post("resume_job", job.pk)
    assert work(job).state == "done"


@pytest.mark.parametrize(
    ("stopped", "sentence"),
    [
        ("planning", "An error stopped the plan. Nothing is changed."),
        ("applying", "An error stopped this job. Added until then: 0 patrons."),
        ("undoing", "An error stopped the undo. Undone until then: 0 patrons."),
    ],
)
def test_where_an_error_stopped_a_job_is_said(
    world: World, dora: Visitor, stopped: str, sentence: str
) -> None:
    world.patron()
    job = world.plan()
    Job.objects.filter(pk=job.pk).update(state="failed", failed_state=stopped)
    assert sentence in text_of(dora.get("job", job.pk))


def test_a_job_at_work_is_not_printed(world: World, dora: Visitor) -> None:
    world.patron()
    job = world.planning()
    answer = dora.get("print_job", job.pk)
    assert answer.url == reverse("job", args=["cascadia", job.pk])


def test_nobody_selected_is_a_sentence(world: World, dora: Visitor) -> None:
    patron = world.patron(grade="6")
    dora.preview(value="6")
    patron.grade_level = "7"
    patron.save()
    job = work(Job.objects.get())
    page = dora.get("job", job.pk)
    assert "No patron at Maple has grade level 6, so there is nothing to do." in text_of(page)
    assert "<table" not in page.content.decode()
    assert dora.post("confirm_job", job.pk).status_code == 302
    assert work(job).state == "planned"


def test_nothing_to_do_is_a_sentence(world: World, dora: Visitor) -> None:
    world.tie(world.patron(grade="6"), world.cedar)
    job = world.plan(value="6")
    said = text_of(dora.get("job", job.pk))
    assert "none of the selected patrons would be changed" in said
    assert "Add 0" not in said


def test_run_it_again_fills_the_sentence(world: World, dora: Visitor) -> None:
    world.patron(patron_type="Faculty")
    job = world.plan(whose="patron_type", value="Faculty", to="depot", access_level="Teacher")
    world.maple.short_name = "maple2"
    world.maple.save()
    page = dora.client.get(reverse("plan_again", args=["cascadia", job.pk]), follow=True)
    assert "Preview for 2 patrons" in text_of(page)
    assert "at=maple2" in page.redirect_chain[0][0]


# Lines


def test_lines_are_filtered_searched_and_downloaded(world: World, dora: Visitor) -> None:
    world.patron(barcode="4711", first="=cmd", last="Formula")
    world.patron(barcode="4712", first="Иван", last="Clashes")
    world.patron(world.cedar, "4712", grade="7")
    job = world.plan()

    def names(**query: str) -> list[str]:
        page = dora.get("job", job.pk, **query).content.decode()
        return [unescape(n) for n in re.findall(r'<bdi class="fw-medium">(.*?)</bdi>', page)]

    assert len(names()) == 2
    assert names(show="barcode_changed") == ["Иван Clashes"]
    assert names(q="formula") == ["=cmd Formula"]
    assert names(q="4712", show="planned") == ["Иван Clashes"]
    assert names(q="<script>") == []
    assert names(show="nonsense", page="99") == names()
    assert "No line fits" in text_of(dora.get("job", job.pk, q="zzz"))

    csv = dora.get("job_csv", job.pk)
    assert csv["Content-Type"] == "text/csv; charset=utf-8"
    assert csv["Content-Disposition"] == f'attachment; filename="cascadia-job-{job.pk}.csv"'
    assert "'=cmd Formula" in b"".join(csv).decode()
    document = json.loads(b"".join(dora.get("job_json", job.pk, show="barcode_changed")))
    assert document["counts"]["selected"] == 2
    assert [line["name"] for line in document["lines"]] == ["Иван Clashes"]

    paper = dora.get("print_job", job.pk)
    assert "Иван Clashes" in text_of(paper)
    assert "data-print" in paper.content.decode()


def test_who_may_not_see_patrons_sees_counts_alone(world: World) -> None:
    world.patron(last="Secret")
    job = world.plan()
    world.levels["Teacher"].permissions = ["ledger.view_jobs"]
    world.levels["Teacher"].save()
    visitor = Visitor(world.staff("Teacher"))
    page = visitor.get("job", job.pk)
    assert "1 patron to be added" in text_of(page)
    assert "Secret" not in text_of(page)
    assert "See patrons" in text_of(page)
    assert "you need the right “Manage patrons for the district”" in text_of(page)
    assert reverse("confirm_job", args=["cascadia", job.pk]) not in page.content.decode()
    for name in ("job_csv", "job_json", "print_job", "confirm_job"):
        assert visitor.get(name, job.pk).status_code == 403
    assert visitor.post("confirm_job", job.pk).status_code == 403
    assert Job.objects.get().state == "planned"


# The list


def test_the_list_of_jobs(world: World, dora: Visitor) -> None:
    assert "There are no jobs yet" in text_of(dora.get("jobs"))
    world.patron()
    planned = world.plan()
    done = work(confirm_job(world.operator, world.plan(to="alder")))

    said = text_of(dora.get("jobs"))
    assert "2 jobs" in said
    assert "Add associations with Cedar" in said
    assert "operator" in said
    page = text_of(dora.get("jobs", state="planned"))
    assert "Add associations with Cedar" in page
    assert "Add associations with Alder" not in page
    assert "No job is in this state" in text_of(dora.get("jobs", state="failed"))
    assert {planned.state, done.state} == {"planned", "done"}


def test_lists_ask_a_constant_number_of_queries(
    world: World, dora: Visitor, settings: Settings
) -> None:
    settings.OPENPATRON_JOB_BATCH_ROWS = 1000
    world.patron()
    world.plan()

    def queries() -> Iterator[int]:
        job = Job.objects.latest("pk")
        for name, args, words in (
            ("jobs", [], {}),
            ("job", [job.pk], {}),
            ("add_associations", [], WORDS),
        ):
            with CaptureQueriesContext(connection) as asked:
                assert dora.get(name, *args, **words).status_code == 200
            yield len(asked)

    small = list(queries())
    world.crowd(100)
    job = [world.plan() for _time in range(10)][-1]
    assert job.planned_rows == 101
    assert list(queries()) == small
    assert max(small) <= 20


# Who may


def test_a_site_librarian_and_a_stranger_get_nowhere(world: World, dora: Visitor) -> None:
    world.patron()
    job = world.plan()
    librarian = Visitor(world.staff("Library administrator", world.maple))
    stranger = Visitor(world.stranger())
    numbered = (
        "job", "job_csv", "job_json", "print_job", "plan_again", "confirm_job", "undo_job"
    )  # fmt: skip
    places: list[tuple[str, list[int]]] = [
        *((name, []) for name in ("update_patrons", "add_associations", "jobs")),
        *((name, [job.pk]) for name in numbered),
    ]
    for name, args in places:
        assert librarian.get(name, *args).status_code == 403, name
        assert stranger.get(name, *args).status_code == 404, name
    for name in ("confirm_job", "cancel_job", "undo_job", "resume_job"):
        assert librarian.post(name, job.pk).status_code == 403
        assert stranger.post(name, job.pk).status_code == 404
        assert dora.post(name, job.pk + 100).status_code == 404
    assert librarian.preview().status_code == 403
    assert stranger.preview().status_code == 404
    assert Job.objects.get().state == "planned"
    home = librarian.get("patrons").content.decode()
    assert reverse("update_patrons", args=["cascadia"]) not in home
    assert reverse("jobs", args=["cascadia"]) not in home
    assert reverse("update_patrons", args=["cascadia"]) in dora.get("jobs").content.decode()


def test_changes_are_posts_only(world: World, dora: Visitor) -> None:
    world.patron()
    job = world.plan()
    for name in ("cancel_job", "resume_job"):
        assert dora.get(name, job.pk).status_code == 405
    for name in ("confirm_job", "undo_job"):
        dora.get(name, job.pk)
    assert Job.objects.get().state == "planned"
