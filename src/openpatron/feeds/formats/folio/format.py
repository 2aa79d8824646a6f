"""FOLIO user JSON. What it looks like and what is made of it: README.md beside this file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from openpatron.feeds.codes import iso_day, joined, of, person_id
from openpatron.feeds.formats.base import About, Format, Options, Table
from openpatron.feeds.formats.delimited.format import REASON
from openpatron.feeds.formats.room import Room, one_each
from openpatron.feeds.noted import Noted
from openpatron.feeds.records import Problem, Record, Row

from .users import flag, text_of, users

_MOST_CUSTOM = 200
_ADDRESS = (
    "addressLine1", "addressLine2", "city", "region", "postalCode", "countryId", "addressTypeId",
)  # fmt: skip
_TOP = (
    "username", "externalSystemId", "barcode", "active", "type", "patronGroup", "departments",
    "enrollmentDate", "expirationDate",
)  # fmt: skip
_PERSONAL = (
    "lastName", "firstName", "middleName", "preferredFirstName", "pronouns", "email", "phone",
    "mobilePhone", "dateOfBirth", "preferredContactTypeId",
)  # fmt: skip
COLUMNS = (
    *_TOP,
    *(f"personal.{name}" for name in _PERSONAL),
    *(f"address{n}.{name}" for n in "12" for name in (*_ADDRESS, "street")),
    "status",
)
# Our field → the custom field that carries it.
_CUSTOM = {
    "site": "site", "access_level": "accessLevel", "resource_group": "resourceGroup",
    "homeroom": "homeroom", "district_id": "districtId", "grade_level": "gradeLevel",
    "graduation_year": "graduationYear", "gender": "gender", "suffix": "suffix",
    "business_phone": "businessPhone", "other_phone": "otherPhone", "language": "language",
    "additional_email": "additionalEmail",
}  # fmt: skip
_FIELDS = {
    "external_id": "externalSystemId", "username": "username", "barcode": "barcode",
    "patron_type": "patronGroup", "expires_on": "expirationDate", "status": "status",
    "last_name": "personal.lastName", "first_name": "personal.firstName",
    "middle_name": "personal.middleName", "preferred_name": "personal.preferredFirstName",
    "email": "personal.email", "home_phone": "personal.phone",
    "mobile_phone": "personal.mobilePhone", "birth_date": "personal.dateOfBirth",
    "street": "address1.street", "postal_code": "address1.postalCode", "city": "address1.city",
    "country": "address1.countryId", "second_street": "address2.street",
    "second_postal_code": "address2.postalCode", "second_city": "address2.city",
    "second_country": "address2.countryId", "role": "type",
    **{field: f"customFields.{key}" for field, key in _CUSTOM.items()},
}  # fmt: skip


class Folio(Format):
    """FOLIO's user import file."""

    name = "folio"
    label = "FOLIO"
    extensions: ClassVar[tuple[str, ...]] = ("json",)
    writes: ClassVar[bool] = True

    def likeness(self, file: Path, head: bytes) -> float:
        """Look for the keys that only such users have."""
        del file
        if not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"[")):
            return 0.0
        telling = (b'"personal"', b'"externalSystemId"', b'"patronGroup"', b'"users"')
        found = sum(word in head for word in telling)
        return {0: 0.0, 1: 0.3}.get(found, 0.98)

    def table(self, file: Path, options: Options) -> Table:
        """Look for custom fields and for what the file says of those who are missing."""
        del options
        custom: dict[str, None] = {}
        top: dict[str, Any] = {}
        for _number, user in users(file, top):
            fields = user.get("customFields") if isinstance(user, dict) else None
            if isinstance(fields, dict) and len(custom) < _MOST_CUSTOM:
                custom |= dict.fromkeys(str(key) for key in fields)
        given = top.get("deactivateMissingUsers")
        coverage = "" if given is None else "full" if flag(given) else "incremental"
        return Table((*COLUMNS, *(f"customFields.{key}" for key in custom)), coverage=coverage)

    def rows(self, file: Path, table: Table, options: Options) -> Iterator[Row]:
        """Yield a row for each user."""
        del options
        noted = Noted(table.problems)
        for number, user in users(file):
            if not isinstance(user, dict):
                text = _("User %d is no object in braces, so it cannot be read.") % number
                noted.reject("row", text, number)
                continue
            found = _flat(user)
            yield Row(number, tuple(found.get(name, "") for name in table.columns))
        noted.close()

    def suggest(self, table: Table) -> Mapping[str, str]:
        """Return the format's own meaning; custom fields by the names that we write."""
        return {field: name for field, name in _FIELDS.items() if name in table.columns}

    def write_rejected(
        self, file: Path, reasons: Mapping[int, str], to: Path, options: Options
    ) -> None:
        """Write those users as they were, with the reason as a key of each."""
        del options
        chosen = (
            {**user, REASON: reasons[number]} if isinstance(user, dict) else user
            for number, user in users(file)
            if number in reasons
        )
        _write(to, chosen)

    def write(self, records: Iterable[Record], to: Path, about: About) -> list[Problem]:
        """Write a user for each patron."""
        del about
        problems: list[Problem] = []
        room = Room(self.label, {}, ("username", "lastName", "patronGroup"), problems)
        _write(to, _users(records, room, self.label))
        room.close()
        return problems


def _flat(user: dict[str, Any]) -> dict[str, str]:
    found = {name: text_of(user.get(name)) for name in _TOP}
    personal = user.get("personal")
    personal = personal if isinstance(personal, dict) else {}
    found |= {f"personal.{name}": text_of(personal.get(name)) for name in _PERSONAL}
    for place, address in enumerate(_addresses(personal), start=1):
        given = {name: text_of(address.get(name)) for name in _ADDRESS}
        given["street"] = joined(given["addressLine1"], given["addressLine2"])
        found |= {f"address{place}.{name}": value for name, value in given.items()}
    custom = user.get("customFields")
    if isinstance(custom, dict):
        found |= {f"customFields.{key}": text_of(value) for key, value in custom.items()}
    for name in ("enrollmentDate", "expirationDate", "personal.dateOfBirth"):
        found[name] = iso_day(found[name]) or found[name]
    active = user.get("active")
    standing = "" if active is None else "active" if flag(active) else "inactive"
    restricted = standing == "active" and found.get("customFields.status") == "restricted"
    found["status"] = "restricted" if restricted else standing
    return found


def _addresses(personal: dict[str, Any]) -> list[dict[str, Any]]:
    """Return two addresses at most, the primary one first."""
    given = personal.get("addresses")
    given = [a for a in given if isinstance(a, dict)] if isinstance(given, list) else []
    return sorted(given, key=lambda address: not flag(address.get("primaryAddress")))[:2]


def _users(records: Iterable[Record], room: Room, label: str) -> Iterator[dict[str, Any]]:
    for record in one_each(records, room, label):
        values = of(record)
        needed = {
            "username": values["username"],
            "lastName": values["last_name"],
            "patronGroup": values["patron_type"],
        }
        if room.fit(record.line, needed):
            yield _user(record, values)


def _user(record: Record, values: Mapping[str, str]) -> dict[str, Any]:
    personal = _filled(
        {
            name.removeprefix("personal."): values[field]
            for field, name in _FIELDS.items()
            if name.startswith("personal.")
        }
    )
    addresses = [
        _filled(
            {
                "addressLine1": values[f"{prefix}street"],
                "city": values[f"{prefix}city"],
                "postalCode": values[f"{prefix}postal_code"],
                "countryId": values[f"{prefix}country"],
            }
        )
        for prefix in ("", "second_")
    ]
    if any(addresses):
        kinds = ("Home", "Other")
        personal["addresses"] = [
            address | {"addressTypeId": kind, "primaryAddress": kind == "Home"}
            for address, kind in zip(addresses, kinds, strict=True)
            if address or kind == "Home"
        ]
    personal["preferredContactTypeId"] = "email" if values["email"] else "mail"
    custom = _filled({key: values[field] for field, key in _CUSTOM.items()})
    if values["status"] == "restricted":
        custom["status"] = "restricted"
    user = _filled(
        {
            "username": values["username"],
            "externalSystemId": person_id(record),
            "barcode": values["barcode"],
            "patronGroup": values["patron_type"],
            "expirationDate": values["expires_on"],
        }
    )
    return user | {
        "active": values["status"] != "inactive",
        "type": "patron",
        "personal": personal,
        "customFields": custom,
    }


def _filled(given: dict[str, str]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value}


def _write(to: Path, found: Iterable[Any]) -> None:
    """Write users and what goes around them. Who is missing stays as they are over there."""
    count = 0
    with to.open("w", encoding="utf-8", newline="\n") as out, closing(iter_of(found)) as each:
        out.write('{"users": [')
        for user in each:
            out.write(
                (",\n" if count else "\n") + json.dumps(user, ensure_ascii=False, default=str)
            )
            count += 1
        rest = {
            "totalRecords": count,
            "deactivateMissingUsers": False,
            "updateOnlyPresentFields": True,
            "sourceType": "",
        }
        out.write("\n], " + json.dumps(rest)[1:] + "\n")


def iter_of(found: Iterable[Any]) -> Any:
    """Return a generator over the users, so that it can be closed."""
    yield from found


FORMAT = Folio()
