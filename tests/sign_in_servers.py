"""Real servers to sign in at, on loopback: each started when a test first wants it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import requests
from oidc_provider_mock import User, app


class _Silent(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@contextmanager
def oidc_server() -> Iterator[str]:
    """Run oidc-provider-mock; yield its issuer. It signs in whoever is named."""
    provider = app(
        require_nonce=True,
        user_claims=[
            User(sub="ext-1", claims={"employeeid": "S-1", "hd": "school.example"}),
            User(sub="ada@school.example", claims={"email": "ada@school.example"}),
        ],
    )
    server = make_server("127.0.0.1", 0, provider, handler_class=_Silent)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def sign_in_at_oidc(address: str, sub: str, action: str = "authorize") -> str:
    """Do what a person does there; return where the browser is sent back to."""
    answer = requests.post(
        address, data={"sub": sub, "action": action}, allow_redirects=False, timeout=20
    )
    return answer.headers["Location"]


def path_of(address: str) -> str:
    """Return path and query of an address."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def fields_of(page: str) -> dict[str, str]:
    """Return the hidden fields of the first form of a page."""
    found = re.findall(r'<input[^>]*type="hidden"[^>]*>', page)
    pairs = [
        (re.search(r'name="([^"]*)"', one), re.search(r'value="([^"]*)"', one)) for one in found
    ]
    return {name[1]: value[1] if value else "" for name, value in pairs if name}
