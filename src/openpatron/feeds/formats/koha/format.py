"""Koha patron CSV. What it looks like and what is made of it: README.md beside this file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from openpatron.feeds.codes import gender, gender_code, iso_day, joined, of, person_id
from openpatron.feeds.formats.base import Options
from openpatron.feeds.formats.fixed_csv import FixedCsv
from openpatron.feeds.formats.room import Room, one_each
from openpatron.feeds.records import Record

_MOST_CODES = 200
_ATTRIBUTES = "patron_attributes"
_OFFICIAL = (
    "cardnumber", "surname", "firstname", "middle_name", "title", "othernames", "initials",
    "pronouns", "streetnumber", "streettype", "address", "address2", "city", "state", "zipcode",
    "country", "email", "phone", "mobile", "fax", "emailpro", "phonepro", "B_streetnumber",
    "B_streettype", "B_address", "B_address2", "B_city", "B_state", "B_zipcode", "B_country",
    "B_email", "B_phone", "dateofbirth", "branchcode", "categorycode", "dateenrolled",
    "dateexpiry", "gonenoaddress", "lost", "debarred", "debarredcomment", "contactname",
    "contactfirstname", "borrowernotes", "relationship", "sex", "password", "userid", "opacnote",
    "contactnote", "sort1", "sort2", "smsalertnumber", "lang", _ATTRIBUTES,
    "guarantor_relationship", "guarantor_id",
)  # fmt: skip

# Our field → the code of the attribute that carries it; Koha allows ten characters.
_CODES = {
    "external_id": "EXTID", "district_id": "DISTRICTID", "grade_level": "GRADE",
    "graduation_year": "GRADYEAR", "homeroom": "HOMEROOM", "access_level": "ACCESS",
    "resource_group": "RESGROUP", "status": "STATUS", "suffix": "SUFFIX",
}  # fmt: skip


class Koha(FixedCsv):
    """Koha's patron import file."""

    name = "koha"
    label = "Koha"
    official: ClassVar[tuple[str, ...]] = _OFFICIAL
    required: ClassVar[tuple[str, ...]] = ("surname", "branchcode", "categorycode")
    telling: ClassVar[tuple[str, ...]] = ("categorycode", "branchcode", "surname", "cardnumber")
    derived: ClassVar[tuple[str, ...]] = ("street", "second street", "standing")
    limits: ClassVar[Mapping[str, int]] = {
        "cardnumber": 32, "branchcode": 10, "categorycode": 10, "userid": 75, "zipcode": 25,
        "B_zipcode": 10, "lang": 25, "phone": 50, "mobile": 50, "phonepro": 50,
    }  # fmt: skip
    fields: ClassVar[Mapping[str, str]] = {
        "barcode": "cardnumber", "last_name": "surname", "first_name": "firstname",
        "middle_name": "middle_name", "preferred_name": "othernames", "birth_date": "dateofbirth",
        "gender": "sex", "username": "userid", "password": "password", "email": "email",
        "additional_email": "emailpro", "home_phone": "phone", "business_phone": "phonepro",
        "mobile_phone": "mobile", "other_phone": "fax", "street": "street",
        "postal_code": "zipcode", "city": "city", "country": "country",
        "second_street": "second street", "second_postal_code": "B_zipcode",
        "second_city": "B_city", "second_country": "B_country", "language": "lang",
        "site": "branchcode", "patron_type": "categorycode", "expires_on": "dateexpiry",
        "status": "standing",
        **{field: f"attribute {code}" for field, code in _CODES.items() if field != "status"},
    }  # fmt: skip

    def more_columns(self, file: Path, options: Options, columns: Sequence[str]) -> Sequence[str]:
        """Return a column for each code that occurs among the attributes, beside the derived."""
        more = list(super().more_columns(file, options, columns))
        if _ATTRIBUTES not in columns:
            return more
        place = list(columns).index(_ATTRIBUTES)
        codes: dict[str, None] = {}
        for _line, cells in self._raw(file, options):
            if cells and place < len(cells) and len(codes) < _MOST_CODES:
                codes |= dict.fromkeys(code for code, _value in attributes(cells[place]))
        return [*more, *(f"attribute {code}" for code in codes)]

    def interpret(self, cells: dict[str, str]) -> None:
        """Put codes into words and dates into ISO, and each attribute into its column."""
        for code, value in attributes(cells.get(_ATTRIBUTES, "")):
            name = f"attribute {code}"
            if name in cells:
                cells[name] = f"{cells[name]}; {value}" if cells[name] else value
        for name in ("dateofbirth", "dateexpiry", "dateenrolled"):
            if name in cells:
                cells[name] = iso_day(cells[name]) or cells[name]
        if "sex" in cells:
            cells["sex"] = gender(cells["sex"])
        for prefix, name in (("", "street"), ("B_", "second street")):
            house = " ".join(
                cells[prefix + part]
                for part in ("streetnumber", "streettype")
                if cells.get(prefix + part)
            )
            line = " ".join(part for part in (house, cells.get(f"{prefix}address", "")) if part)
            cells[name] = joined(line, cells.get(f"{prefix}address2", ""))
        cells["standing"] = cells.get("attribute STATUS") or (
            "restricted" if cells.get("debarred") else ""
        )

    def cells(self, record: Record) -> dict[str, str]:
        """Return the row of a record."""
        values = of(record)
        made = {"street", "second street", "standing", "password"}
        row = {
            name: values[field]
            for field, name in self.fields.items()
            if name not in made and not name.startswith("attribute ")
        }
        row["address"], row["B_address"] = values["street"], values["second_street"]
        row["sex"] = gender_code(values["gender"], "O")
        row[_ATTRIBUTES] = written_attributes(
            (code, person_id(record) if field == "external_id" else values[field])
            for field, code in _CODES.items()
        )
        return row

    def chosen(self, records: Iterable[Record], room: Room) -> Iterator[Record]:
        """Yield one record of each patron: Koha knows one library for each."""
        return one_each(records, room, self.label)


def attributes(text: str) -> Iterator[tuple[str, str]]:
    """Yield (code, value) of ``CODE:value,CODE2:"value, with comma"``; what has no code is not one.

    Koha reads it as a line of CSV; older files quote a pair as a whole.
    """
    quoted = False
    start = 0
    pieces = []
    for place, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            pieces.append(text[start:place])
            start = place + 1
    pieces.append(text[start:])
    for piece in pieces:
        code, colon, value = _unquoted(piece.strip()).partition(":")
        if colon and code.strip():
            yield code.strip().upper(), _unquoted(value.strip())


def written_attributes(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the attributes as one cell; empty ones are left out."""
    return ",".join(f"{code}:{_quoted(value)}" for code, value in pairs if value)


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return text


def _quoted(value: str) -> str:
    if any(c in value for c in ',":'):
        return '"' + value.replace('"', '""') + '"'
    return value


FORMAT = Koha()
