"""An operation of migrations: many tables at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class CreateModels(Operation):
    """Create the tables of several models, each after those that it refers to.

    Django makes the classes of all related models anew for each model that it creates: with eighty
    tables that was half the time of a first ``migrate``. Here they are made once, with all of them.
    """

    def __init__(self, models: Sequence[CreateModel]) -> None:
        """Take Django's own operations."""
        self.models = models

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Add all models; whoever asks for their classes next has them made."""
        # What Django does itself after changes that can wait (``clear_delayed_apps_cache``).
        state.__dict__.pop("apps", None)
        state.is_delayed = False
        for model in self.models:
            model.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Create the tables."""
        for model in self.models:
            model.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Remove them, the last first."""
        for model in reversed(self.models):
            model.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        """Return what ``migrate --plan`` says."""
        return "Create models " + ", ".join(model.name for model in self.models)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return how it was made."""
        return type(self).__qualname__, [self.models], {}
