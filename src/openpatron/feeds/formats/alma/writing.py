"""Writing users as Alma takes them: everything external, elements in the order of its schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

# Only written here, never read.
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from openpatron.feeds.codes import of, person_id
from openpatron.feeds.formats.room import Room, one_each
from openpatron.feeds.records import Record

from .person import STATISTICS

_BEGIN, _END = b'<?xml version="1.0" encoding="UTF-8"?>\n<users>\n', b"</users>\n"
_EXTERNAL = {"segment_type": "External"}
_GENDERS = {"male": "MALE", "female": "FEMALE"}
_STATISTIC_FIELDS = dict(
    zip(
        STATISTICS,
        ("grade_level", "graduation_year", "homeroom", "access_level", "resource_group"),
        strict=True,
    )
)


def write_elements(to: Path, found: Iterable[tuple[Element, str]]) -> None:
    """Write elements as they are, each with a sentence as a comment before it."""
    with to.open("wb") as out:
        out.write(_BEGIN)
        for element, sentence in found:
            # Two hyphens would end the comment.
            comment = sentence.replace("--", "\u2013\u2013").rstrip("-")
            out.write(f"<!-- {comment} -->\n".encode("utf-8", "replace"))
            _put(out, element)
        out.write(_END)


def write_users(to: Path, records: Iterable[Record], room: Room, label: str) -> None:
    """Write one user for each patron."""
    with to.open("wb") as out:
        out.write(_BEGIN)
        for record in one_each(records, room, label):
            values = of(record)
            needed = {"last_name": values["last_name"], "user_group": values["patron_type"]}
            if room.fit(record.line, needed):
                _put(out, _user(record, values))
        out.write(_END)


def _put(out: BinaryIO, element: Element) -> None:
    element.tail = "\n"
    indent(element)
    out.write(tostring(element, encoding="utf-8", xml_declaration=False))


def _user(record: Record, values: Mapping[str, str]) -> Element:
    user = Element("user")
    plain = {
        "record_type": "PUBLIC",
        "primary_id": person_id(record),
        "first_name": values["first_name"],
        "middle_name": values["middle_name"],
        "last_name": values["last_name"],
        "gender": _GENDERS.get(values["gender"].lower(), "OTHER" if values["gender"] else ""),
        "user_group": values["patron_type"],
        "campus_code": values["site"],
        "preferred_language": values["language"],
        "birth_date": _day(values["birth_date"]),
        "expiry_date": _day(values["expires_on"]),
        "account_type": "EXTERNAL",
        "status": "INACTIVE" if values["status"] == "inactive" else "ACTIVE",
        "pref_first_name": values["preferred_name"],
        "pref_name_suffix": values["suffix"],
    }
    _texts(user, plain)
    _contact_info(user, values)
    identifiers = {
        "BARCODE": values["barcode"],
        "UNIV_ID": values["district_id"],
        "INST_ID": values["username"],
    }
    _entries(
        user,
        "user_identifiers",
        "user_identifier",
        ({"value": value, "id_type": kind} for kind, value in identifiers.items() if value),
    )
    if values["status"] == "restricted":
        block = {"block_type": "GENERAL", "block_description": "RESTRICTED",
                 "block_status": "ACTIVE"}  # fmt: skip
        _entries(user, "user_blocks", "user_block", [block])
    _entries(
        user,
        "user_statistics",
        "user_statistic",
        (
            {"statistic_category": values[field], "category_type": kind}
            for kind, field in _STATISTIC_FIELDS.items()
            if values[field]
        ),
    )
    return user


def _contact_info(user: Element, values: Mapping[str, str]) -> None:
    info = Element("contact_info")
    parts = ("street", "city", "postal_code", "country")
    kinds = {"": "home", "second_": "alternative"}
    addresses = [(p, k) for p, k in kinds.items() if any(values[p + part] for part in parts)]
    for prefix, kind in addresses:
        address = _entry(info, "addresses", "address", preferred=not prefix)
        _texts(
            address,
            {
                "line1": values[f"{prefix}street"],
                "city": values[f"{prefix}city"],
                "postal_code": values[f"{prefix}postal_code"],
                "country": values[f"{prefix}country"],
            },
        )
        SubElement(SubElement(address, "address_types"), "address_type").text = kind
    for field, kind in (("email", "personal"), ("additional_email", "alternative")):
        if values[field]:
            entry = _entry(info, "emails", "email", preferred=field == "email")
            SubElement(entry, "email_address").text = values[field]
            SubElement(SubElement(entry, "email_types"), "email_type").text = kind
    phones = (("home", "home_phone"), ("mobile", "mobile_phone"), ("office", "business_phone"),
              ("other", "other_phone"))  # fmt: skip
    given = [(kind, values[field]) for kind, field in phones if values[field]]
    for place, (kind, number) in enumerate(given):
        entry = _entry(info, "phones", "phone", preferred=not place)
        SubElement(entry, "phone_number").text = number
        SubElement(SubElement(entry, "phone_types"), "phone_type").text = kind
    if len(info):
        user.append(info)


def _entry(parent: Element, wrapper: str, name: str, *, preferred: bool) -> Element:
    found = parent.find(wrapper)
    within = SubElement(parent, wrapper) if found is None else found
    return SubElement(within, name, {"preferred": str(preferred).lower()} | _EXTERNAL)


def _entries(
    parent: Element, wrapper: str, name: str, entries: Iterable[Mapping[str, str]]
) -> None:
    within = Element(wrapper)
    for texts in entries:
        _texts(SubElement(within, name, _EXTERNAL), texts)
    if len(within):
        parent.append(within)


def _texts(parent: Element, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        if text:
            SubElement(parent, name).text = text


def _day(day: str) -> str:
    return f"{day}Z" if day else ""
