"""What a source's setup says, in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _, gettext_lazy as _lazy

from openpatron.accounts.models import IdentityProvider
from openpatron.feeds.formats import formats
from openpatron.feeds.setup import Rule, Safety, Schedule, Setup

from .templatetags.web import field_title

MODES = {
    "synchronize": _lazy("creates, updates and withdraws"),
    "import": _lazy("only creates patrons that are new"),
}
COVERAGES = {
    "full": _lazy("everybody: who is not in it is absent"),
    "incremental": _lazy("only what changed"),
}
ABSENCES = {
    "nothing": _lazy("nothing happens"),
    "inactive": _lazy("they become inactive"),
    "expire": _lazy("they expire"),
}
BARCODES_TAKEN = {
    "next": _lazy("the patron gets the next number of the site"),
    "reject": _lazy("the row is rejected"),
}
ARRIVALS = {
    "upload": _lazy("by upload or command"),
    "folder": _lazy("from a folder on the server"),
    "sftp": _lazy("by SFTP"),
}
MATCH_KEYS = {
    "external_id": _lazy("external id"),
    "district_id": _lazy("district id"),
    "username": _lazy("username"),
    "email": _lazy("e-mail"),
    "site_barcode": _lazy("site and barcode"),
}
WEEKDAYS = (
    _lazy("Monday"), _lazy("Tuesday"), _lazy("Wednesday"), _lazy("Thursday"), _lazy("Friday"),
    _lazy("Saturday"), _lazy("Sunday"),
)  # fmt: skip
COUNTS = {
    "created": _lazy("created"),
    "updated": _lazy("updated"),
    "unchanged": _lazy("unchanged"),
    "withdrawn": _lazy("withdrawn"),
    "reactivated": _lazy("reactivated"),
    "protected": _lazy("protected"),
    "rejected": _lazy("rejected"),
}
SEPARATORS = {
    "": _lazy("found out by looking"),
    ",": _lazy("comma"),
    ";": _lazy("semicolon"),
    "\t": _lazy("tab"),
    "|": _lazy("bar (|)"),
}


def provider_choices() -> list[tuple[str, Any]]:
    """Return where the people of a source may sign in, by code; first here."""
    providers = IdentityProvider.objects.order_by("name").values_list("code", "name")
    return [("", _("here, with a password")), *providers]


def counts_in_words(counts: dict[str, Any]) -> str:
    """Return what a feed did: "12 created, 3 rejected"."""
    said = [f"{counts[key]} {label}" for key, label in COUNTS.items() if counts.get(key)]
    return ", ".join(said) or _("nothing to do")


def arrives(setup: Setup | None) -> str:
    """Return how the feeds of a source arrive."""
    return str(ARRIVALS[setup.arrival.kind]) if setup else _("not set up")


def rule_in_words(rule: Rule) -> str:
    """Return where a field comes from: "“DOB”, written %m/%d/%Y"."""
    if rule.constant:
        return _("always “%s”") % rule.constant
    said = [" + ".join(f"“{column}”" for column in rule.columns)]
    if rule.split:
        words = {"part": rule.part + 1, "mark": rule.split}
        said.append(_("part %(part)d, split at “%(mark)s”") % words)
    if rule.dates:
        said.append(_("written %s") % rule.dates)
    if rule.values:
        shown = ", ".join(f"{found} → {ours}" for found, ours in list(rule.values.items())[:8])
        said.append(shown + (" …" if len(rule.values) > 8 else ""))  # noqa: PLR2004  enough to see
        if rule.otherwise == "reject":
            said.append(_("others are rejected"))
    if rule.otherwise.startswith("use:"):
        said.append(_("otherwise “%s”") % rule.otherwise.removeprefix("use:"))
    if rule.empty_clears:
        said.append(_("an empty value empties ours"))
    return "; ".join(said)


def setting_title(place: str) -> str:
    """Return the words for a place in the source file: "Birth date: dates"."""
    section, _dot, rest = place.partition(".")
    if section == "fields":
        name, _dot, rest = rest.partition(".")
        title = str(field_title(name))
    elif section == "sites":
        title, rest = _("Site of “%s”") % rest, ""
    else:
        title = str(_SETTINGS.get(section, section))
    return f"{title}: {rest.replace('_', ' ')}" if rest else title


_SETTINGS = {
    "code": _lazy("Code"),
    "is_active": _lazy("In use"),
    "secret": _lazy("Password or private key"),
    "format": _lazy("Format"),
    "match": _lazy("Known by"),
    "default_site": _lazy("Without a site"),
    "default_patron_type": _lazy("Without a patron type"),
    "default_access_level": _lazy("Without an access level"),
    "owned": _lazy("Locked here"),
    "mode": _lazy("A feed"),
    "coverage": _lazy("It holds"),
    "absence": _lazy("Who is absent"),
    "absence_days": _lazy("Days of absence"),
    "barcode_taken": _lazy("A barcode is taken"),
    "first_passwords": _lazy("First passwords"),
    "identity_provider": _lazy("Its people sign in"),
    "homerooms": _lazy("Homerooms"),
    "options": _lazy("File"),
    "arrival": _lazy("Arrives"),
    "schedule": _lazy("Schedule"),
    "safety": _lazy("When it stops and asks"),
}

type Facts = list[tuple[str, str]]


def sections(setup: Setup) -> list[tuple[str, Facts]]:
    """Return the settings by sections, each a list of label and value."""
    return [
        (_("What a feed does"), _doing(setup)),
        (_("Where it comes from"), _coming(setup)),
        (_("When it is looked for"), _when(setup.schedule)),
        (_("When it stops and asks"), _stopping(setup.safety)),
    ]


def _doing(setup: Setup) -> Facts:
    absence = str(ABSENCES[setup.absence])
    if setup.absence == "inactive" and setup.absence_days:
        absence = _("they become inactive after %d days") % setup.absence_days
    return [
        (_("A feed"), str(MODES[setup.mode])),
        (_("It holds"), str(COVERAGES[setup.coverage])),
        (_("Who is absent"), absence),
        (_("Known by"), ", ".join(str(MATCH_KEYS[key]) for key in setup.match)),
        (_("A barcode is taken"), str(BARCODES_TAKEN[setup.barcode_taken])),
        (_("First passwords"), _("taken") if setup.first_passwords else _("ignored")),
        (_("Without a site"), setup.default_site or _("rejected")),
        (_("Without a patron type"), setup.default_patron_type or _("rejected")),
        (_("Without an access level"), setup.default_access_level or _("rejected")),
        (
            _("Homerooms"),
            "; ".join(
                " ".join(filter(None, (one.name, "←", one.role, one.grade_level, one.site)))
                for one in setup.homerooms
            )
            or _("as the file says"),
        ),
        (_("Locked here"), ", ".join(str(field_title(name)) for name in setup.owned) or _("none")),
    ]


def _coming(setup: Setup) -> Facts:
    arrival, options = setup.arrival, setup.options
    facts = [(_("Arrives"), str(ARRIVALS[arrival.kind]))]
    if arrival.kind == "sftp":
        facts.append((_("Server"), f"{arrival.username}@{arrival.host}:{arrival.port}"))
    if arrival.kind != "upload":
        facts += [(_("Folder"), arrival.folder or "/"), (_("Files"), arrival.pattern)]
    facts.append((_("Format"), str(formats()[setup.format].label)))
    if formats()[setup.format].has_options:
        found_out = _("found out by looking")
        facts += [
            (_("Encoding"), options.encoding or found_out),
            (_("Separator"), str(SEPARATORS.get(options.separator, options.separator))),
            (_("First row"), _("names of the columns") if options.has_header else _("a person")),
        ]
    return facts


def _when(schedule: Schedule) -> Facts:
    days = _("every day")
    if len(schedule.weekdays) < len(WEEKDAYS):
        days = ", ".join(str(WEEKDAYS[day]) for day in schedule.weekdays)
    return [
        (_("At"), ", ".join(schedule.times) or _("never by itself")),
        (_("On"), days),
        (_("Nothing is applied"), ", ".join(schedule.blackout) or _("at no particular hours")),
    ]


def _stopping(safety: Safety) -> Facts:
    return [
        (label, _("never") if share is None else _("from %d %% on") % share)
        for label, share in (
            (_("Created"), safety.created_percent),
            (_("Changed"), safety.changed_percent),
            (_("Withdrawn"), safety.withdrawn_percent),
        )
    ]
