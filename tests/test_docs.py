"""The documents say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from django.apps import apps
from django.db.models import Field, ForeignKey

from openpatron.access.starting_levels import matrix
from openpatron.config.environment import SETTINGS
from openpatron.rostering.rules import table

DOCS = Path(__file__).parent.parent / "docs"

# Models whose every field is about a person, beside the keys that only tie rows together.
WHOLLY_PERSONAL = {"accounts.Account", "patrons.Patron"}
# Fields that hold personal data without pointing to a person.
BY_NAME = {
    "patrons.Barcode.value",
    "ledger.Change.before",
    "ledger.Change.after",
    "ledger.Change.subject_id",
    "ledger.Change.actor",
    "ledger.Job.params",
    "accounts.Lookup.asked_by",
    "accounts.Lookup.asked_for",
    "accounts.Lookup.found",
    "accounts.Lookup.has_agreed",
    "accounts.Lookup.job",
    "accounts.Lookup.number",
    "patrons.RemovedPatron.account",
    "patrons.PossibleDuplicate.said_by",
    "patrons.Block.reason",
    "patrons.Block.until",
    "patrons.Block.set_by",
    "patrons.Note.text",
    "patrons.Note.written_by",
    "patrons.LocalCode.value",
    "patrons.SavedList.filters",
    "patrons.SavedList.saved_by",
    "notifications.Message.account_id",
    "notifications.Message.patron_id",
    "notifications.Message.to",
    "notifications.Message.subject",
    "notifications.Message.body",
    "notifications.Message.values",
    "notifications.PasswordRequest.login",
    "patrons.SourceRecord.further",
    "patrons.SourceRecord.key",
    "patrons.SourceRecord.values",
    "patrons.Protection.protected_by",
    "accounts.Identity.subject",
    "feeds.Feed.received_by",
    "feeds.Feed.path",
    "feeds.ToldApart.key",
    "circulation.Scan.by",
    "circulation.Loan.lent_by",
    "circulation.Loan.closed_by",
    "circulation.Request.asked_by",
    "circulation.Fee.charged_by",
    "circulation.Fee.text",
    "circulation.Payment.by",
    "circulation.Payment.reason",
    "circulation.Proxy.granted_by",
    "circulation.BorrowingRequest.asked_by",
    "circulation.BorrowingRequest.note",
    "rostering.SentUser.patron_id",
    "rostering.SentUser.values",
    "reading.Person.sourced_id",
    "reading.Person.username",
    "reading.Person.given_name",
    "reading.Person.family_name",
    "reading.Person.search_text",
    "reading.Person.signed_in_at",
    "reading.Membership.person",
    "reading.Read.person",
    "reading.Read.book",
}
# They tie a row to its own parent, which is documented itself.
TIES = {"patrons.Barcode.patron"}


def personal_fields() -> set[str]:
    people = {"accounts.Account", "patrons.Patron"}
    found = set(BY_NAME)
    for model in apps.get_models():
        if not model.__module__.startswith("openpatron."):
            continue
        for field in model._meta.get_fields():
            if not isinstance(field, Field) or field.primary_key or field.name == "organization":
                continue
            name = f"{model._meta.label}.{field.name}"
            points_to_a_person = (
                isinstance(field, ForeignKey) and field.related_model._meta.label in people
            )
            if model._meta.label in WHOLLY_PERSONAL or points_to_a_person:
                found.add(name)
    return found - TIES


def test_every_personal_field_is_documented() -> None:
    text = (DOCS / "personal-data.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([\w.]+)` \|", text, flags=re.MULTILINE))
    assert documented == personal_fields()


def test_the_access_levels_are_those_of_the_code() -> None:
    text = (DOCS / "access-levels.md").read_text(encoding="utf-8")
    assert text.endswith(matrix()), f"it should end with:\n{matrix()}"


def test_every_row_says_where_it_is_shown_sent_and_how_long_it_is_kept() -> None:
    text = (DOCS / "personal-data.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert rows
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 5, row
        assert all(cells), row


def test_the_conditions_of_synchronization_are_those_of_the_code() -> None:
    text = (DOCS / "rostering.md").read_text(encoding="utf-8")
    assert table() in text, f"it should hold:\n{table()}"


def test_every_setting_is_documented_as_it_is_declared() -> None:
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `OPENPATRON_")]
    declared = [
        f"| `{s.name}` | {f'`{s.default}`' if s.default else 'empty'} | {s.allowed} | {s.help} |"
        for s in SETTINGS
    ]
    assert rows == declared
