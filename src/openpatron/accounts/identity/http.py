"""Asking a provider's server: no redirects, no waiting for ever, no endless answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

# To connect, and between two pieces of an answer, in seconds; and for all of it.
_PATIENCE = (5, 10)
_WHOLE = 20
_MOST = 1_000_000


class NoAnswerError(Exception):
    """The server cannot be reached, or sends too much, or for too long."""


@dataclass(frozen=True, slots=True)
class Got:
    """An answer: its status and its bytes."""

    status: int
    body: bytes


def get(address: str, *, words: Mapping[str, str] | None = None, bearer: str = "") -> Got:
    """Ask for an address."""
    heads = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    return _ask("GET", address, params=dict(words or {}), headers=heads)


def post(address: str, words: Mapping[str, str], *, auth: tuple[str, str] | None = None) -> Got:
    """Post a form."""
    return _ask("POST", address, data=dict(words), auth=auth)


def _ask(method: str, address: str, **more: Any) -> Got:
    begin = time.monotonic()
    try:
        with (
            requests.Session() as session,
            session.request(
                method, address, timeout=_PATIENCE, allow_redirects=False, stream=True, **more
            ) as answer,
        ):
            body = b""
            for piece in answer.iter_content(65_536):
                body += piece
                if len(body) > _MOST or time.monotonic() - begin > _WHOLE:
                    raise NoAnswerError
            return Got(answer.status_code, body)
    except (requests.RequestException, ValueError) as error:
        raise NoAnswerError from error
