"""What needs several values of a row: defaults, homeroom rules, the resource group, the keys."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from openpatron.accounts import rules
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import fold

from .checks import checks
from .ours import Bad, Judged, Ours
from .records import Problem
from .setup import HomeroomRule, Setup


class Finish:
    """Completes the values of one row in place, and adds what is wrong with them together."""

    def __init__(self, setup: Setup, ours: Ours) -> None:
        self._setup, self._ours = setup, ours
        self._defaults = [
            (field, value)
            for field, value in (
                ("site", self._known("site", setup.default_site)),
                ("patron_type", self._known("patron_type", setup.default_patron_type)),
                ("access_level", self._known("access_level", setup.default_access_level)),
            )
            if value
        ]
        self._homerooms = [
            (rule, fold(rule.role), fold(rule.grade_level), fold(rule.site))
            for rule in setup.homerooms
        ]
        self._check_homeroom = checks()["homeroom"]
        self._has_passwords = setup.first_passwords
        self._keys = [
            ("site", "barcode") if key == "site_barcode" else (key,) for key in setup.match
        ]

    def __call__(self, line: int, values: dict[str, str], problems: list[Problem]) -> None:
        refused = {problem.field for problem in problems} if problems else set()
        for field, default in self._defaults:
            # A value that is not known is never replaced by the default.
            if field not in refused and not values.get(field):
                if isinstance(default, str):
                    values[field] = default
                else:
                    problems.append(Problem(default.code, default.text, line, field))
        if self._homerooms and not values.get("homeroom") and "homeroom" not in refused:
            self._give_homeroom(line, values, problems)
        if values.get("resource_group"):
            self._check_group(line, values, problems)
        if self._has_passwords and values.get("password"):
            self._check_password(line, values, problems)
        for key in self._keys:
            if all(values.get(part) for part in key):
                return
        # What was refused is said already.
        if not any(part in refused for key in self._keys for part in key):
            names = " / ".join(" + ".join(key) for key in self._keys)
            problems.append(
                Problem("no_key", _("Nothing tells who this is: %s is empty.") % names, line)
            )

    def _known(self, field: str, value: str) -> Judged:
        """Return a default by its right name, or what to say where it is not there any more."""
        names = {
            "site": self._ours.sites,
            "patron_type": self._ours.patron_types,
            "access_level": self._ours.access_levels,
        }[field]
        if not value:
            return ""
        return names.get(fold(value)) or Bad(
            f"unknown_{field}",
            _("The default “%s” of this source is not there (any more).") % value,
            True,
        )

    def _give_homeroom(self, line: int, values: dict[str, str], problems: list[Problem]) -> None:
        role, grade = fold(values.get("role", "")), fold(values.get("grade_level", ""))
        site = fold(values.get("site", ""))
        for rule, wanted_role, wanted_grade, wanted_site in self._homerooms:
            if (
                wanted_role in {"", role}
                and wanted_grade in {"", grade}
                and wanted_site in {"", site}
            ):
                self._name_homeroom(rule, line, values, problems)
                return

    def _name_homeroom(
        self, rule: HomeroomRule, line: int, values: dict[str, str], problems: list[Problem]
    ) -> None:
        named = re.sub(r"\{([a-z_]+)\}", lambda found: values.get(found[1], ""), rule.name)
        try:
            values["homeroom"] = self._check_homeroom(" ".join(named.split()))
        except InputError as error:
            problems.append(Problem("invalid", str(error), line, "homeroom"))

    def _check_group(self, line: int, values: dict[str, str], problems: list[Problem]) -> None:
        site, wanted = values.get("site", ""), values["resource_group"]
        groups = self._ours.groups.get(site, {})
        found = groups.get(fold(wanted))
        if found is not None:
            values["resource_group"] = found
            return
        del values["resource_group"]
        problems.append(
            Problem(
                "unknown_resource_group",
                _("There is no resource group “%(found)s” at %(site)s. There are: %(known)s.")
                % {
                    "found": wanted[:100],
                    "site": site or "–",
                    "known": ", ".join(groups.values()) or "–",
                },
                line,
                "resource_group",
            )
        )

    def _check_password(self, line: int, values: dict[str, str], problems: list[Problem]) -> None:
        minimum = self._ours.organization.password_minimum
        try:
            rules.password(values["password"], values.get("username", ""), minimum)
        except InputError as error:
            del values["password"]
            problems.append(Problem("password", str(error), line, "password", rejects=False))
