"""Python forgets what it knows of a class that is changed: the most used ones are not."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.manager import BaseManager
from pytest_django import DjangoDbBlocker

from openpatron.patrons.models import Patron

type Field = models.Field[Any, Any]

STEADY = (models.Field, BaseManager, BaseDatabaseWrapper)


def test_what_is_made_for_a_query_changes_no_class(django_db_blocker: DjangoDbBlocker) -> None:
    before = [dict(vars(one)) for one in STEADY]
    one: Field = models.CharField()
    other: Field = models.IntegerField()
    automatic: Field = models.AutoField(auto_created=True)
    manager, later = models.Manager[Patron](), models.Manager[Patron]()
    with django_db_blocker.unblock(), django_db_blocker.block():
        pass
    assert [dict(vars(one)) for one in STEADY] == before
    # They are in order all the same: forms and tables show fields as they were written.
    assert sorted([other, one, automatic]) == [automatic, one, other]
    assert manager.creation_counter < later.creation_counter
    assert len({one, other, automatic}) == 3


def test_without_the_mark_there_is_no_database() -> None:
    with pytest.raises(RuntimeError, match="not allowed"):
        BaseDatabaseWrapper.ensure_connection(connection)
