"""What the columns mean to us, and the grades. Pure."""

from __future__ import annotations

NO_NAME = "."
"""Stands for a given name where a person has but one name: the standard demands both."""

FIELDS = {
    "external_id": "sourcedId", "username": "username", "email": "email",
    "district_id": "identifier", "first_name": "givenName", "middle_name": "middleName",
    "last_name": "familyName", "preferred_name": "preferredGivenName",
    "birth_date": "birthDate", "gender": "sex", "home_phone": "phone", "mobile_phone": "sms",
    "grade_level": "gradeLevel", "status": "standing", "site": "orgName", "role": "role",
    "homeroom": "homeroom", "homeroom_supervisor": "homeroomTeacherSourcedId",
    "password": "password",
}  # fmt: skip

BESIDE = {
    "suffix": "suffix", "business_phone": "businessPhone", "other_phone": "otherPhone",
    "street": "street", "postal_code": "postalCode", "city": "city", "country": "country",
    "language": "language", "graduation_year": "graduationYear", "expires_on": "expiresOn",
    "additional_email": "additionalEmail", "second_street": "secondStreet",
    "second_postal_code": "secondPostalCode", "second_city": "secondCity",
    "second_country": "secondCountry",
}  # fmt: skip
"""Our field → what stands behind ``metadata.`` in users.csv."""

OF_ROLES = {
    "barcode": "barcode", "patron_type": "patronType", "access_level": "accessLevel",
    "resource_group": "resourceGroup",
}  # fmt: skip
"""The same in roles.csv: what a patron is at one site. Vendors have it in users.csv."""

_CODES = {"K": "KG", "PK": "PK", "TK": "TK", "PREK": "PK"}
_OURS = {"KG": "K"}
_GRADES = {"IT", "PR", "PK", "TK", "KG", "PS", "UG", *(f"{n:02}" for n in range(1, 14))}


def our_grade(grades: str) -> str:
    """Return the first of a list of grades as we write it: 05 → 5, KG → K."""
    first = grades.split(",", maxsplit=1)[0].strip()
    if first.isascii() and first.isdecimal():
        return str(int(first)) if len(first) < 3 else first  # noqa: PLR2004  two digits
    return _OURS.get(first.upper(), first)


def code_of_grade(grade: str) -> str:
    """Return the code of the standard for a grade, "" where it has none."""
    code = _CODES.get(grade.upper(), grade.zfill(2) if grade.isdecimal() else grade.upper())
    return code if code in _GRADES else ""
