"""One ``<user>`` as a row: which columns there are, and how lists become columns. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from openpatron.feeds.codes import gender, iso_day, joined
from openpatron.feeds.safe_xml import local_name

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

PLAIN = (
    "primary_id", "first_name", "middle_name", "last_name", "pref_first_name",
    "pref_middle_name", "pref_last_name", "pref_name_suffix", "user_title", "record_type",
    "job_category", "job_description", "gender", "user_group", "campus_code",
    "preferred_language", "birth_date", "expiry_date", "purge_date", "account_type",
    "external_id", "password", "status",
)  # fmt: skip
"""Elements that hold a text; ``external_id`` is the source's code, not the person's id."""

_DATES = ("birth_date", "expiry_date", "purge_date")
IDENTIFIERS = (
    "BARCODE", "UNIV_ID", "INST_ID", "OTHER_ID_1", "OTHER_ID_2", "OTHER_ID_3", "OTHER_ID_4",
)  # fmt: skip
# The codes of older installations.
_OLDER = {"01": "BARCODE", "02": "UNIV_ID"}
ADDRESS = (
    "line1", "line2", "line3", "line4", "line5", "city", "state_province", "postal_code", "country",
)  # fmt: skip
PHONES = ("home", "office", "mobile", "other")
STATISTICS = ("GRADE", "GRADYEAR", "HOMEROOM", "ACCESS", "RESGROUP")
COLUMNS = (
    *PLAIN,
    *(f"identifier {kind}" for kind in IDENTIFIERS),
    "other identifiers",
    "email",
    "second email",
    *(f"{kind} phone" for kind in PHONES),
    *(f"address {name}" for name in (*ADDRESS, "street")),
    *(f"second address {name}" for name in (*ADDRESS, "street")),
    *(f"statistic {name}" for name in STATISTICS),
    "other statistics",
    "rs_library",
    "username",
    "standing",
)
FIELDS = {
    "external_id": "primary_id", "username": "username", "barcode": "identifier BARCODE",
    "district_id": "identifier UNIV_ID", "first_name": "first_name",
    "middle_name": "middle_name", "last_name": "last_name", "preferred_name": "pref_first_name",
    "suffix": "pref_name_suffix", "gender": "gender", "birth_date": "birth_date",
    "expires_on": "expiry_date", "patron_type": "user_group", "site": "campus_code",
    "language": "preferred_language", "status": "standing", "password": "password",
    "role": "job_category", "email": "email", "additional_email": "second email",
    "home_phone": "home phone", "business_phone": "office phone", "mobile_phone": "mobile phone",
    "other_phone": "other phone", "street": "address street",
    "postal_code": "address postal_code", "city": "address city", "country": "address country",
    "second_street": "second address street", "second_postal_code": "second address postal_code",
    "second_city": "second address city", "second_country": "second address country",
    "grade_level": "statistic GRADE", "graduation_year": "statistic GRADYEAR",
    "homeroom": "statistic HOMEROOM", "access_level": "statistic ACCESS",
    "resource_group": "statistic RESGROUP",
}  # fmt: skip


def flat(user: Element) -> tuple[dict[str, str], int]:
    """Return the row of a user by column, in their order, and how many entries were internal."""
    found = dict.fromkeys(COLUMNS, "")
    lists: dict[str, list[Element]] = {}
    for child in user:
        name = local_name(child)
        if name in PLAIN:
            found[name] = _text(child)
        else:
            lists.setdefault(name, []).append(child)
    for name in _DATES:
        found[name] = iso_day(found[name]) or found[name]
    found["gender"] = gender(found["gender"])
    found["preferred_language"] = found["preferred_language"].lower()
    entries = _Entries(lists)
    _identifiers(found, entries)
    _contact(found, entries)
    _statistics(found, entries)
    found["rs_library"] = next((_of(e, "code") for e in entries.each("rs_library")), "")
    found["username"] = found["identifier INST_ID"] or found["primary_id"]
    standing = {"active": "active", "inactive": "inactive"}.get(found["status"].lower(), "")
    blocked = any(_of(e, "block_status").lower() != "inactive" for e in entries.each("user_block"))
    found["standing"] = "restricted" if blocked and standing != "inactive" else standing
    return found, entries.internal


class _Entries:
    """The entries of a user's lists, those of others than the source left out."""

    def __init__(self, lists: dict[str, list[Element]]) -> None:
        self._lists = lists
        self.internal = 0

    def each(self, name: str) -> Iterator[Element]:
        """Yield the entries that are not internal: an empty or unknown segment is external."""
        for wrapper in self._lists.get(_WRAPPERS[name], ()):
            for entry in wrapper.iter():
                if local_name(entry) != name:
                    continue
                if entry.get("segment_type", "").strip().lower() == "internal":
                    self.internal += 1
                else:
                    yield entry

    def preferred_first(self, name: str) -> list[Element]:
        """Return them with the preferred one first."""
        return sorted(self.each(name), key=lambda e: e.get("preferred", "").lower() != "true")


_WRAPPERS = {
    "user_identifier": "user_identifiers", "address": "contact_info", "email": "contact_info",
    "phone": "contact_info", "user_statistic": "user_statistics", "user_block": "user_blocks",
    "rs_library": "rs_libraries",
}  # fmt: skip


def _identifiers(found: dict[str, str], entries: _Entries) -> None:
    others = []
    for entry in entries.each("user_identifier"):
        kind, value = _of(entry, "id_type").upper(), _of(entry, "value")
        if not value or _of(entry, "status").lower() == "inactive":
            continue
        column = f"identifier {_OLDER.get(kind, kind)}"
        if column in found and not found[column]:
            found[column] = value
        else:
            others.append(f"{kind}:{value}")
    found["other identifiers"] = "; ".join(others)


def _contact(found: dict[str, str], entries: _Entries) -> None:
    emails = [_of(e, "email_address") for e in entries.preferred_first("email")]
    found |= dict(zip(("email", "second email"), filter(None, emails), strict=False))
    for entry in entries.preferred_first("phone"):
        kinds = [_text(e).lower() for e in entry.iter() if local_name(e) == "phone_type"]
        kind = next((k for k in kinds if k in PHONES), "other")
        found[f"{kind} phone"] = found[f"{kind} phone"] or _of(entry, "phone_number")
    for prefix, entry in zip(
        ("address", "second address"), entries.preferred_first("address"), strict=False
    ):
        given = {name: _of(entry, name) for name in ADDRESS}
        given["street"] = joined(*(given[f"line{n}"] for n in range(1, 6)))
        found |= {f"{prefix} {name}": value for name, value in given.items()}


def _statistics(found: dict[str, str], entries: _Entries) -> None:
    others = []
    for entry in entries.each("user_statistic"):
        kind, value = _of(entry, "category_type").upper(), _of(entry, "statistic_category")
        column = f"statistic {kind}"
        if column in found and not found[column]:
            found[column] = value
        elif value:
            others.append(f"{kind}:{value}" if kind else value)
    found["other statistics"] = "; ".join(others)


def _of(entry: Element, name: str) -> str:
    for child in entry:
        if local_name(child) == name:
            return _text(child)
    return ""


def _text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())
