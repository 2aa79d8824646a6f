"""Calling our commands as the command line does, inside a test's transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class

from openpatron.cli.base import Command

OUR_APP = "openpatron.cli"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def our_commands() -> list[str]:
    return sorted(name for name, app in get_commands().items() if app == OUR_APP)


class CommandLine:
    """Runs ``openpatron NAME ARGUMENT…`` and catches what it prints."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, name: str, *arguments: str) -> Answer:
        self._capsys.readouterr()
        command = load_command_class(OUR_APP, name)
        assert isinstance(command, Command)
        command._called_from_command_line = True  # type: ignore[attr-defined]
        try:
            options = vars(command.create_parser("openpatron", name).parse_args(arguments))
            command.execute(**options)
            code = 0
        except SystemExit as left:
            code = int(left.code or 0)
        printed = self._capsys.readouterr()
        return Answer(code, printed.out, printed.err)


@pytest.fixture
def openpatron(capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """Run a command and look at what it printed."""
    return CommandLine(capsys)
