"""XML that strangers send: no document types, no entities, nothing fetched, flat memory.

A document type is refused as such, so nothing can be declared that explodes or reaches out. One
element of those asked for may be ``MOST_BYTES`` long and ``MOST_DEPTH`` deep.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, cast

# Only the types of what the safe parser hands out.
from xml.etree.ElementTree import ParseError, TreeBuilder, XMLPullParser

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser
from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST_BYTES = 4 * 1024**2
MOST_DEPTH = 40
_CHUNK = 1 << 16


def elements(stream: BinaryIO, names: Iterable[str]) -> Iterator[Element]:
    """Yield each element of those names (without their namespaces), and forget it afterwards.

    Raises ``InputError`` for "file" where the XML is broken, or more than it should be.
    """
    wanted = frozenset(names)
    safe: Any = DefusedXMLParser(target=TreeBuilder(), forbid_dtd=True)
    parser: XMLPullParser[Any] = XMLPullParser(("start", "end"), _parser=safe)
    walk = _Walk(wanted)
    try:
        while chunk := stream.read(_CHUNK):
            parser.feed(chunk)
            yield from walk.done(parser)
            walk.spend(len(chunk))
        parser.close()
        yield from walk.done(parser)
    except DefusedXmlException as error:
        raise InputError(
            "file",
            _(
                "The XML declares a document type or entities. They are not needed here and not "
                "allowed: take the line with “<!DOCTYPE” out."
            ),
        ) from error
    except (ParseError, ValueError, LookupError, RecursionError, OverflowError) as error:
        place = getattr(error, "position", None)
        where = _(" It breaks off in line %d.") % place[0] if place else ""
        raise InputError(
            "file",
            _("The XML cannot be read: it is damaged or was not sent completely.") + where,
        ) from error


def local_name(element: Element) -> str:
    """Return the name of an element without its namespace, "" for a comment."""
    tag: Any = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


class _Walk:
    """Where the reader stands: how deep, and how much since the last element that was asked for."""

    def __init__(self, wanted: frozenset[str]) -> None:
        self._wanted = wanted
        self._open: list[Element] = []
        self._since = 0

    def spend(self, size: int) -> None:
        self._since += size
        if self._since > MOST_BYTES:
            raise _too_much()

    def done(self, parser: XMLPullParser[Any]) -> Iterator[Element]:
        for event in parser.read_events():
            # Of "start" and "end" alone, which come with the element.
            kind, element = cast("tuple[str, Element]", event)
            if kind == "start":
                self._open.append(element)
                if len(self._open) > MOST_DEPTH:
                    raise _too_much()
                continue
            self._open.pop()
            if local_name(element) in self._wanted:
                self._since = 0
                yield element
                # Not the element alone: its place in the one above would stay.
                if self._open:
                    self._open[-1].clear()


def _too_much() -> InputError:
    return InputError(
        "file", _("The XML holds more, or deeper, elements than a file of patrons does.")
    )
