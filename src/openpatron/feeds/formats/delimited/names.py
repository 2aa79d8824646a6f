"""What the columns of school exports are called, and which field each is about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from openpatron.feeds.records import FIELDS
from openpatron.kernel.text import fold

WHOLE_NAME = "whole_name"
"""Not a field of ours: one column with last and first name."""

# The surest name first. Written without “student”, “pupil”, “legal” and the like in front.
_NAMES: dict[str, str] = {
    "external_id": (
        "external id|external system id|sis id|sis number|sourced id|source id|system id|"
        "state id|state student id|ssid|person id|unique id|uuid|guid|upn|primary id|dcid|id|key"
    ),
    "district_id": (
        "district id|district number|student number|pupil number|local id|local number|student id|"
        "pupil id|employee id|number|"
        "employee number|staff id|staff number|teacher number|emplid|patron id|id number|"
        "other id|perm id|permnum|matriculation number|matrikelnummer|schulernummer"
    ),
    "username": (
        "username|user name|login|login id|login name|network id|network login|userid|user id|"
        "sam account name|netid|net id|web id|benutzername"
    ),
    "email": (
        "email|e mail|email address|e mail address|mail|email 1|school email|primary email|"
        "work email|personal email|emailadresse"
    ),
    "barcode": (
        "barcode|bar code|card number|cardnumber|card|library card|library card number|"
        "library barcode|patron barcode|barcode number|ausweisnummer"
    ),
    "first_name": (
        "first name|firstname|given name|givenname|forename|"
        "first|fname|vorname|prenom|nombre"
    ),
    "middle_name": "middle name|middlename|middle|middle initial|mi|mname|second name",
    "last_name": (
        "last name|lastname|surname|family name|familyname|last|lname|nachname|familienname|nom|"
        "apellido|apellidos"
    ),
    "preferred_name": (
        "preferred name|preferred first name|preferred given name|nickname|nick name|known as|"
        "goes by|called name|preferred|rufname|pref first name"
    ),
    "suffix": "suffix|name suffix|generation",
    "birth_date": (
        "birth date|birthdate|date of birth|dateofbirth|dob|birthday|born|geburtsdatum|"
        "fecha de nacimiento"
    ),
    "gender": "gender|sex|gender code|geschlecht|genero",
    "home_phone": (
        "home phone|phone|telephone|phone number|"
        "telephone number|home telephone|phone 1|telefon|telefono"
    ),
    "business_phone": "business phone|work phone|office phone|phonepro",
    "mobile_phone": "mobile phone|mobile|cell|cell phone|cellphone|mobile number|sms|handy",
    "other_phone": "other phone|phone 2|second phone|alternate phone",
    "street": (
        "street|address|street address|address 1|address line 1|home address|mailing address|"
        "mailing street|strasse|direccion|calle"
    ),
    "postal_code": (
        "postal code|zip|zip code|zipcode|"
        "postcode|post code|mailing zip|plz|codigo postal"
    ),
    "city": "city|town|mailing city|home city|ort|ciudad",
    "country": "country|country code|land|pais",
    "language": "language|home language|lang|preferred language|language code|sprache|idioma",
    "status": (
        "status|enroll status|enrollment status|enrolment status|enrollmentstatus|active|"
        "is active|patron status|enabled|state"
    ),
    "grade_level": (
        "grade level|grade|gr|gradelevel|current grade|year group|year level|grades|jahrgang|"
        "klassenstufe|grado|form"
    ),
    "graduation_year": (
        "graduation year|grad year|graduating year|class of|year of graduation|grad yr|"
        "expected graduation year|yog|cohort"
    ),
    "expires_on": (
        "expires on|expires|expiry date|expiration date|card expires|dateexpiry|exit date|"
        "exitdate|valid until|end date|leaving date"
    ),
    "additional_email": (
        "additional email|email 2|parent email|"
        "guardian email|second email|contact email"
    ),
    "second_street": "second street|second address|address 2 line 1|b address",
    "second_postal_code": "second postal code|second zip|b zipcode",
    "second_city": "second city|b city",
    "second_country": "second country|b country",
    "site": (
        "site|site short name|school|school id|schoolid|school name|school code|building|"
        "building code|campus|campus code|branch|branchcode|library|home branch|current school|"
        "location|school number|schule|escuela"
    ),
    "patron_type": (
        "patron type|borrower type|patron category|"
        "categorycode|patron group|user group|category"
    ),
    "access_level": "access level",
    "resource_group": "resource group",
    "homeroom": (
        "homeroom|home room|homeroom name|hr|homeroom number|advisory|class|section|room|"
        "tutor group|registration group|klasse|clase"
    ),
    "homeroom_supervisor": (
        "homeroom teacher|homeroom supervisor|home room teacher|teacher|teacher name|"
        "homeroom teacher name|advisor|tutor|hr teacher|klassenlehrer"
    ),
    "role": "role|user type|person type|type|user role|position|job title|staff type|rolle",
    "password": "password|initial password|pin|passwort|kennwort",
    WHOLE_NAME: (
        "name|full name|fullname|lastfirst|last first|student name|display name|name last first|"
        "last name first name|whole name"
    ),
}  # fmt: skip
_KNOWN = {
    name: (field, place)
    for field, names in _NAMES.items()
    for place, name in enumerate(names.split("|"))
}
_IN_FRONT = re.compile(
    r"^(?:students?|pupils?|patrons?|legal|users?|borrowers?|persons?|learners?|members?|"
    r"contacts?|primary|current|sis|pref)\s+"
)
_WORDS = re.compile(r"[^\w]+|_+")
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)")


def words_of(name: str) -> str:
    """Return a column's name as words, "student last name 1" for "Student_LastName1"."""
    return " ".join(_WORDS.sub(" ", fold(_HUMPS.sub(" ", name))).split())


def meaning(name: str) -> tuple[str, int] | None:
    """Return the field that a column of this name is about, and how sure (0: surest)."""
    words = words_of(name)
    joined = words.replace(" ", "")
    for tried in (words, joined, _IN_FRONT.sub("", words)):
        if tried in _KNOWN:
            return _KNOWN[tried]
    return _JOINED.get(joined)


_JOINED = {name.replace(" ", ""): found for name, found in reversed(_KNOWN.items())}


def suggested(columns: Sequence[str]) -> dict[str, str]:
    """Return the column of each field, in the order of our fields; every column once.

    A column with the whole name stands under ``WHOLE_NAME``, where there is none for each.
    """
    best: dict[str, tuple[int, str]] = {}
    for column in columns:
        found = meaning(column)
        if found is not None and (found[0] not in best or found[1] < best[found[0]][0]):
            best[found[0]] = (found[1], column)
    if "external_id" not in best and "district_id" in best:
        # One number for each person is the source's own key.
        best["external_id"] = best["district_id"]
    if "last_name" in best:
        best.pop(WHOLE_NAME, None)
    return {field: best[field][1] for field in (*FIELDS, WHOLE_NAME) if field in best}


def examples() -> Mapping[str, str]:
    """Return the names that are known, by field: for the documentation and its test."""
    return _NAMES
