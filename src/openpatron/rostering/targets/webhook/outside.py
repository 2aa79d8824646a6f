"""Connections that lead out of the house only.

An address is typed by staff; what answers at home (the database, a metadata service) must not get
requests from here. The name is looked up once, and what was looked at is what is connected to.
"""

from __future__ import annotations

import socket
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.request import HTTPHandler, HTTPSHandler, Request


class InsideError(Exception):
    """The address is none of the internet."""


def connect(address: tuple[str, int], timeout: float, source: Any = None) -> socket.socket:
    """Connect to the first address of the name; all of them have to be outside."""
    host, port = address
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    places = [str(one[4][0]) for one in found]
    if not all(is_outside(place) for place in places):
        raise InsideError
    last: OSError | None = None
    for place in places:
        try:
            return socket.create_connection((place, port), timeout, source)
        except OSError as error:
            last = error
    raise last or OSError


def is_outside(place: str) -> bool:
    """Tell whether an address is one of the internet."""
    found = ip_address(place.partition("%")[0])
    inner = None
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
    return found.is_global and not found.is_multicast and (inner is None or inner.is_global)


class _Plain(HTTPConnection):
    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self._create_connection = connect


class _Secure(HTTPSConnection):
    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self._create_connection = connect


class OutsideHandler(HTTPHandler):
    """Opens http addresses outside."""

    def http_open(self, req: Request) -> HTTPResponse:
        """Open it."""
        return self.do_open(_Plain, req)


class OutsideSecureHandler(HTTPSHandler):
    """Opens https addresses outside, certificates checked."""

    def https_open(self, req: Request) -> HTTPResponse:
        """Open it."""
        return self.do_open(_Secure, req)
