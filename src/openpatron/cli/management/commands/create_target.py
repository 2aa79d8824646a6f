"""``openpatron create_target``: make a target, and print its client and secret once."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.cli.base import DONE, ActorCommand
from openpatron.cli.read_text import read_text
from openpatron.kernel.errors import InputError
from openpatron.organizations.queries import site_by_short_name
from openpatron.rostering.actions.create_target import WantedTarget, create_target
from openpatron.rostering.models import Target
from openpatron.rostering.scopes import DEFAULT, SCOPES
from openpatron.rostering.targets.oneroster_rest.deliver import BASE, TOKEN


class Command(ActorCommand):
    """Make a target."""

    help = "Let an outside platform have accounts and homerooms; its secret is printed once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what the target is."""
        super().add_arguments(parser)
        parser.add_argument(
            "--kind", choices=Target.Kind.values, required=True, help=_("By which way.")
        )
        parser.add_argument(
            "--sites", metavar="SITE,…", required=True, help=_("The sites, by their short names.")
        )
        parser.add_argument("--name", default="", help=_("How people call it."))
        parser.add_argument(
            "--to",
            metavar="ADDRESS",
            default="",
            help=_("A folder, where messages go, or sftp://NAME@HOST:PORT/FOLDER."),
        )
        parser.add_argument(
            "--host-key",
            metavar="KEY",
            default="",
            help=_("Of a server of SFTP: the line of known_hosts without the host."),
        )
        parser.add_argument(
            "--secret-file",
            metavar="FILE",
            default="",
            help=_("The password or private key of a server of SFTP; “-” reads it from the input."),
        )
        parser.add_argument(
            "--scopes",
            metavar="SCOPE,…",
            default=",".join(DEFAULT),
            help=_("What it may fetch: %s.") % ", ".join(SCOPES),
        )
        parser.add_argument(
            "--redirect",
            metavar="ADDRESS",
            action="append",
            default=[],
            help=_("Where its people come back to who sign in here; may be given several times."),
        )
        parser.add_argument(
            "--package",
            dest="version",
            choices=Target.Version.values,
            default=Target.Version.V1P2,
            help=_("Which version of OneRoster a package is written in."),
        )
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def work(self, **options: Any) -> int:
        """Make it and print what its operator needs."""
        self.require_organization(options)
        scopes = [name for name in options["scopes"].split(",") if name]
        for name in scopes:
            if name not in SCOPES:
                raise InputError(
                    "scopes",
                    _("--scopes: there is no scope “%(found)s”. There are: %(known)s.")
                    % {"found": name[:60], "known": ", ".join(SCOPES)},
                )
        secret = None
        if options["secret_file"]:
            secret = read_text(options["secret_file"], "secret_file").strip()
        with self.opened(options) as actor:
            names = [name for name in options["sites"].split(",") if name]
            wanted = WantedTarget(
                name=options["name"] or f"{options['kind']} ({', '.join(names)})"[:60],
                kind=options["kind"],
                sites=[site_by_short_name(name, "sites") for name in names],
                address=options["to"],
                scopes=scopes,
                redirects=options["redirect"],
                host_key=options["host_key"],
                secret=secret,
                version=options["version"],
            )
            target, secret = create_target(actor, wanted)
        told = {
            "client_id": target.client_id,
            "client_secret": secret,
            "base_url": settings.OPENPATRON_BASE_URL + BASE,
            "token_url": settings.OPENPATRON_BASE_URL + TOKEN,
        }
        if options["format"] == "json":
            sys.stdout.write(json.dumps(told) + "\n")
        else:
            sys.stdout.writelines(f"{name}: {value}\n" for name, value in told.items())
            sys.stderr.write(_("The secret is shown this once and never again.") + "\n")
        return DONE
