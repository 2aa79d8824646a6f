"""``openpatron register_patron``: register a person at a site."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.access.queries import access_level_by_name
from openpatron.accounts.links import password_key
from openpatron.accounts.rules import generated_password, parse_date
from openpatron.administration.queries import template_by_name
from openpatron.cli.base import DONE, ActorCommand
from openpatron.kernel.errors import InputError
from openpatron.notifications.links import address
from openpatron.organizations.models import Site
from openpatron.organizations.queries import patron_type_by_name, site_by_short_name
from openpatron.patrons.actions.register_patron import Registered, WantedRole, register_person
from openpatron.patrons.models import RegistrationTemplate
from openpatron.patrons.office import Office
from openpatron.patrons.rules import months_later

# Personal data that is taken as it is typed: (option, required).
PERSONAL = {
    "username": True,
    "first_name": False,
    "middle_name": False,
    "last_name": True,
    "preferred_name": False,
    "suffix": False,
    "email": False,
    "gender": False,
    "home_phone": False,
    "business_phone": False,
    "mobile_phone": False,
    "other_phone": False,
    "street": False,
    "postal_code": False,
    "city": False,
    "country": False,
    "language": False,
}


class Command(ActorCommand):
    """Make an account (or use the one the person has) and a patron record."""

    help = "Register a person at a site: account, patron record, card."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add personal and management data."""
        super().add_arguments(parser)
        for name, required in PERSONAL.items():
            parser.add_argument(f"--{name.replace('_', '-')}", metavar="TEXT", required=required)
        for name in ("birth-date", "expires"):
            parser.add_argument(f"--{name}", metavar="YYYY-MM-DD", default="")
        for name in ("site", "patron-type", "access-level"):
            parser.add_argument(
                f"--{name}",
                metavar="NAME",
                default="",
                help=_("Required, unless a template has it."),
            )
        parser.add_argument(
            "--template", metavar="NAME", default="", help=_("Fills in what is left out.")
        )
        parser.add_argument("--communication-language", metavar="CODE", default="")
        parser.add_argument(
            "--keep-history",
            action="store_true",
            help=_("The person wishes a history of loans to be kept."),
        )
        parser.add_argument(
            "--barcode", default="", help=_("Left out: the next number of the site.")
        )
        parser.add_argument(
            "--mail",
            action="store_true",
            help=_("Write to the person by mail, although there is an e-mail address."),
        )
        parser.add_argument("--additional-email", default="", metavar="TEXT")
        parser.add_argument(
            "--local-code",
            action="append",
            default=[],
            metavar="TEXT",
            help=_("May be given several times."),
        )
        parser.add_argument("--resource-sharing-library", default="", metavar="SITE")
        self._add_role_arguments(parser)
        parser.add_argument("--district-id", default="", metavar="TEXT")
        parser.add_argument("--grade-level", default="", metavar="TEXT")
        parser.add_argument("--graduation-year", type=_year, metavar="YEAR")
        parser.add_argument(
            "--person-agreed",
            action="store_true",
            help=_("The person agreed that the account they have elsewhere is used here."),
        )
        way = parser.add_mutually_exclusive_group()
        way.add_argument(
            "--generate-password",
            action="store_true",
            help=_("Make a password, shown once, to be changed at the first sign-in."),
        )
        way.add_argument(
            "--send-link",
            action="store_true",
            help=_("Send a link to set a password to the account's e-mail address."),
        )
        way.add_argument(
            "--password-link",
            action="store_true",
            help=_("Print a link to set a password, of an account that is made here."),
        )
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def _add_role_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--staff-role", metavar="LEVEL", default="", help=_("An access level to work with.")
        )
        where = parser.add_mutually_exclusive_group()
        where.add_argument(
            "--role-at",
            action="append",
            metavar="SITE",
            help=_("A site where the staff role holds; may be given several times."),
        )
        where.add_argument(
            "--role-everywhere",
            action="store_true",
            help=_("The staff role holds in the whole organization."),
        )
        parser.add_argument(
            "--role-until", metavar="YYYY-MM-DD", default="", help=_("The role's last day.")
        )

    def work(self, **options: Any) -> int:
        """Register and print what was made."""
        self.require_organization(options)
        with self.opened(options) as actor:
            password = None
            if options["generate_password"]:
                minimum = actor.organization.password_minimum
                password = generated_password(options["username"], minimum)
            made = register_person(actor, _wanted(actor, options, password))
            patron = made.patron
            answer: dict[str, Any] = {
                "patron_id": patron.pk,
                "account_id": patron.account_id,
                "barcode": patron.barcodes.get().value,
            }
            # An account that existed keeps the password that it had.
            if password is not None and patron.account.check_password(password):
                answer["password"] = password
            if options["password_link"] and made.is_new_account:
                key = password_key(patron.account)
                answer["password_link"] = address("use_password_link", key)
        if options["format"] == "json":
            sys.stdout.write(json.dumps(answer) + "\n")
        else:
            for name, value in answer.items():
                sys.stdout.write(f"{name}: {value}\n")
        return DONE


def _wanted(actor: Actor, options: dict[str, Any], password: str | None) -> Registered:
    """Return what was asked for; a template fills in what was left out."""
    template = RegistrationTemplate()
    if options["template"]:
        template = template_by_name(actor, options["template"], "template")
    personal = {n: options[n] for n in PERSONAL if options[n] is not None}
    if options["keep_history"]:
        personal["keep_history"] = True
    expires_on = parse_date(options["expires"], "expires")
    if expires_on is None and template.expires_after_months:
        expires_on = months_later(timezone.localdate(), template.expires_after_months)
    return Registered(
        personal=personal | {"birth_date": parse_date(options["birth_date"], "birth_date")},
        site=_given(options, "site", template.site, site_by_short_name),
        patron_type=_given(options, "patron_type", template.patron_type, patron_type_by_name),
        access_level=_given(options, "access_level", template.access_level, access_level_by_name),
        barcode=options["barcode"],
        district_id=options["district_id"],
        grade_level=options["grade_level"],
        graduation_year=options["graduation_year"],
        expires_on=expires_on,
        language=options["communication_language"] or template.language,
        has_agreed=options["person_agreed"],
        password=password,
        send_link=options["send_link"],
        wants_mail=options["mail"],
        additional_email=options["additional_email"],
        office=Office(tuple(options["local_code"]), _library(options)),
        roles=_roles(options),
    )


def _year(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) == len("2027")):
        raise ArgumentTypeError(
            _("“%s” is no graduation year; give a year from 1900 to 2200") % text[:40]
        )
    return int(text)


def _library(options: dict[str, Any]) -> Site | None:
    name = options["resource_sharing_library"]
    return site_by_short_name(name, "resource_sharing_library") if name else None


def _roles(options: dict[str, Any]) -> tuple[WantedRole, ...]:
    """Return the staff role that is asked for, if one is."""
    at, until = options["role_at"], parse_date(options["role_until"], "role_until")
    if not options["staff_role"]:
        if at or until or options["role_everywhere"]:
            raise InputError(
                "staff_role", _("--staff-role is required with --role-…: name an access level.")
            )
        return ()
    level = access_level_by_name(options["staff_role"], "staff_role")
    places = None
    if not options["role_everywhere"]:
        places = tuple(site_by_short_name(name, "role_at") for name in at or ())
        if not places:
            raise InputError(
                "role_at",
                _("Say where the staff role holds: --role-at for each site, or --role-everywhere."),
            )
    return (WantedRole(level, places, until),)


def _given[M](
    options: dict[str, Any], name: str, of_template: M | None, find: Callable[[str, str], M]
) -> M:
    if options[name]:
        return find(options[name], name)
    if of_template is None:
        raise InputError(
            name,
            _("--%s is required: name it, or a --template that has it.") % name.replace("_", "-"),
        )
    return of_template
