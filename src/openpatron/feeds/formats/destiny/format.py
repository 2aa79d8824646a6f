"""Destiny patron CSV. What it looks like and what is made of it: README.md beside this file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from openpatron.feeds.codes import gender, gender_code, joined, of, us_day, us_written
from openpatron.feeds.formats.fixed_csv import FixedCsv
from openpatron.feeds.formats.room import Room, primary_last
from openpatron.feeds.records import Record

AUTOASSIGN = "autoassign"
"""What stands for a barcode where the next number is asked for."""

_STATUS = {"a": "active", "i": "inactive", "r": "restricted"}
_YES = {"t", "y", "true", "yes", "1"}
_NAMES = {
    "Site Short Name": 10, "Barcode": 14, "District ID": 40, "Last Name": 42, "First Name": 42,
    "Middle Name": 42, "Nickname": 30, "Patron Type": 30, "Access Level": 30,
    "Resource Group": 30, "Status": 1, "Gender": 1, "Homeroom": 90, "Grade Level": 30,
    "Card Expires": 10, "Acceptable Use Policy on File": 1, "Is Teacher": 1,
    "User Defined 1": 30, "User Defined 2": 30, "User Defined 3": 30, "User Defined 4": 30,
    "User Defined 5": 30, "Graduation Year": 4, "Birth Date": 10, "User Name": 50, "Password": 50,
    "Email 1": 200, "Email 2": 200, "Email 3": 200, "Email 4": 200, "Email 5": 200,
    "Address 1 Line 1": 50, "Address 1 Line 2": 50, "Address 1 City": 30, "Address 1 State": 30,
    "Address 1 Zip Code": 20, "Address 1 Phone 1": 30, "Address 1 Phone 2": 30,
    "Address 2 Line 1": 50, "Address 2 Line 2": 50, "Address 2 City": 30, "Address 2 State": 30,
    "Address 2 Zip Code": 20, "Address 2 Phone 1": 30, "Address 2 Phone 2": 30,
}  # fmt: skip


class Destiny(FixedCsv):
    """Destiny's patron file."""

    name = "destiny"
    label = "Destiny"
    official: ClassVar[tuple[str, ...]] = tuple(_NAMES)
    required: ClassVar[tuple[str, ...]] = ("Site Short Name", "Last Name")
    telling: ClassVar[tuple[str, ...]] = (
        "Site Short Name", "Barcode", "District ID", "Last Name", "Patron Type", "Access Level",
    )  # fmt: skip
    derived: ClassVar[tuple[str, ...]] = ("Street 1", "Street 2", "Role")
    limits: ClassVar[Mapping[str, int]] = _NAMES
    fields: ClassVar[Mapping[str, str]] = {
        "site": "Site Short Name", "barcode": "Barcode", "district_id": "District ID",
        "last_name": "Last Name", "first_name": "First Name", "middle_name": "Middle Name",
        "preferred_name": "Nickname", "patron_type": "Patron Type",
        "access_level": "Access Level", "resource_group": "Resource Group", "status": "Status",
        "gender": "Gender", "homeroom": "Homeroom", "grade_level": "Grade Level",
        "expires_on": "Card Expires", "graduation_year": "Graduation Year",
        "birth_date": "Birth Date", "username": "User Name", "password": "Password",
        "email": "Email 1", "additional_email": "Email 2", "street": "Street 1",
        "city": "Address 1 City", "postal_code": "Address 1 Zip Code",
        "home_phone": "Address 1 Phone 1", "mobile_phone": "Address 1 Phone 2",
        "second_street": "Street 2", "second_city": "Address 2 City",
        "second_postal_code": "Address 2 Zip Code", "business_phone": "Address 2 Phone 1",
        "other_phone": "Address 2 Phone 2", "role": "Role",
    }  # fmt: skip

    def interpret(self, cells: dict[str, str]) -> None:
        """Put codes into words and dates into ISO."""
        if "Status" in cells:
            cells["Status"] = _STATUS.get(cells["Status"].lower(), cells["Status"])
        if "Gender" in cells:
            cells["Gender"] = gender(cells["Gender"])
        if cells.get("Barcode", "").lower() == AUTOASSIGN:
            cells["Barcode"] = ""
        for name in ("Birth Date", "Card Expires"):
            if name in cells:
                cells[name] = us_day(cells[name])
        for number in "12":
            cells[f"Street {number}"] = joined(
                *(cells.get(f"Address {number} Line {line}", "") for line in "12")
            )
        teaches = cells.get("Is Teacher", "").lower()
        if not cells["Role"]:
            cells["Role"] = ("teacher" if teaches in _YES else "student") if teaches else ""

    def chosen(self, records: Iterable[Record], room: Room) -> Iterator[Record]:
        """Yield a patron's records with the primary site last: what stands further down counts."""
        del room
        return primary_last(records)

    def cells(self, record: Record) -> dict[str, str]:
        """Return the row of a record."""
        values = of(record)
        made = {"Street 1", "Street 2", "Role", "Password"}
        row = {name: values[field] for field, name in self.fields.items() if name not in made}
        row["Barcode"] = row["Barcode"] or AUTOASSIGN
        row["Status"] = row["Status"][:1].upper()
        row["Gender"] = gender_code(row["Gender"], "U")
        for name in ("Birth Date", "Card Expires"):
            row[name] = us_written(row[name]) if row[name] else ""
        for number, field in (("1", "street"), ("2", "second_street")):
            first, second = in_two(values[field], _NAMES["Address 1 Line 1"])
            row[f"Address {number} Line 1"], row[f"Address {number} Line 2"] = first, second
        row["Is Teacher"] = "T" if values["role"] == "teacher" else "F"
        return row


def in_two(street: str, limit: int) -> tuple[str, str]:
    """Return a street in two lines where it is too long for one and has a comma to break at."""
    if len(street) <= limit:
        return street, ""
    at = street.rfind(", ", 0, limit + 2)
    return (street[:at], street[at + 2 :]) if at > 0 else (street, "")


FORMAT = Destiny()
