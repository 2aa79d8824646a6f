"""The errors that people see. Each says what happened, why, and what to do; none is a traceback."""

from __future__ import annotations


class OpenPatronError(Exception):
    """An error with a sentence for a person: pages and commands show it as it stands."""


class InputError(OpenPatronError):
    """A value that was given is not allowed.

    ``field`` names the field (a form field, a command option, a column), the message says what
    was found, what is allowed and what to do.
    """

    def __init__(self, field: str, message: str) -> None:
        """Keep the field beside the sentence, so that a form can put it where it belongs."""
        super().__init__(message)
        self.field = field


class NotAllowedError(OpenPatronError):
    """The actor lacks a permission (``permission``: its name; the message names it in words)."""

    def __init__(self, permission: str, message: str) -> None:
        """Keep the permission's name, so that a page can say which right is missing."""
        super().__init__(message)
        self.permission = permission


class NotFoundError(OpenPatronError):
    """What was asked for does not exist here, or not for this actor: the two look the same."""


class StateError(OpenPatronError):
    """What was asked for cannot be done in the state that the thing is in."""
