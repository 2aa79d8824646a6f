"""What a source says about its feeds: the whole of a source file in TOML, and of its page."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from openpatron.feeds.formats.base import Options
from openpatron.feeds.records import FIELDS

MATCH_KEYS = ("external_id", "district_id", "username", "email", "site_barcode")
MODES = ("import", "synchronize")
ABSENCES = ("nothing", "inactive", "expire")
COVERAGES = ("full", "incremental")
ARRIVALS = ("upload", "folder", "sftp")
BARCODES_TAKEN = ("next", "reject")
INVALID = ("", "reject", "leave")
ENCODINGS = ("", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "windows-1252")
OWNABLE = tuple(field for field in FIELDS if field not in {"role", "password"})
"""The fields that a source may own."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one of our fields comes out of the columns of a row.

    ``columns`` are joined by ``join``, or, with ``split``, the one column is split and ``part``
    (from 0) taken. ``values`` maps what is found (compared folded) to ours; what is not in it is
    taken as it is, rejected or replaced, as ``otherwise`` says ("keep", "reject", "use:VALUE").
    """

    field: str
    columns: tuple[str, ...] = ()
    constant: str = ""
    join: str = " "
    split: str = ""
    part: int = 0
    # How dates are written, as for strptime; "" is ISO.
    dates: str = ""
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)
    otherwise: str = "keep"
    # An empty value empties ours; otherwise it keeps what is there.
    empty_clears: bool = False
    # What a value that our rules refuse does: "reject" the row, "leave" the field as it is and
    # report it, or "": as is usual for the field (``checks.LEFT``).
    invalid: str = ""


@dataclass(frozen=True, slots=True)
class HomeroomRule:
    """Which homeroom a patron of a role, grade and site gets; empty conditions fit everybody.

    ``name`` may hold ``{grade_level}``, ``{site}`` and the like. The first that fits counts.
    """

    name: str
    role: str = ""
    grade_level: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Safety:
    """From how many per cent on a run stops and asks; empty never does."""

    created_percent: int | None = None
    changed_percent: int | None = 30
    withdrawn_percent: int | None = 10


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where feeds come from. The secret is stored apart."""

    kind: str = "upload"
    # Of folder and sftp: a folder, and which files in it ("students-*.csv").
    folder: str = ""
    pattern: str = "*"
    host: str = ""
    port: int = 22
    username: str = ""
    # The line of known_hosts, without the host's name: "ssh-ed25519 AAAA…".
    host_key: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When feeds are looked for: local times, and hours in which nothing is applied."""

    times: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    # Such as "07:30-16:00".
    blackout: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setup:
    """All of it. ``read`` in ``setup_file.py`` makes one out of TOML or a form, checked."""

    format: str
    options: Options = dataclasses.field(default_factory=Options)
    match: tuple[str, ...] = ("external_id",)
    rules: tuple[Rule, ...] = ()
    # Their school → short name of our site; a school that is not in it is rejected.
    sites: Mapping[str, str] = dataclasses.field(default_factory=dict)
    default_site: str = ""
    default_patron_type: str = ""
    default_access_level: str = ""
    homerooms: tuple[HomeroomRule, ...] = ()
    # Of ``records.FIELDS``: locked here, overwritten by each feed.
    owned: tuple[str, ...] = ()
    mode: str = "synchronize"
    coverage: str = "full"
    absence: str = "nothing"
    absence_days: int = 0
    # "next": the next free number; "reject".
    barcode_taken: str = "next"
    first_passwords: bool = False
    safety: Safety = dataclasses.field(default_factory=Safety)
    arrival: Arrival = dataclasses.field(default_factory=Arrival)
    schedule: Schedule = dataclasses.field(default_factory=Schedule)
    identity_provider: str = ""
