"""``openpatron demo_reading``: let the demo's reading community pull from the demo's provider."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.cli.base import DONE, WITH_FAILURES, ActorCommand
from openpatron.demo.district import CASCADIA
from openpatron.demo.load import demo_is_loaded
from openpatron.kernel.errors import StateError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import State
from openpatron.organizations.queries import site_by_short_name
from openpatron.reading.actions.connect_provider import WantedProvider, connect_provider
from openpatron.reading.actions.pull_roster import pull_roster
from openpatron.reading.models import Community, Pull
from openpatron.rostering.actions.create_target import (
    WantedTarget,
    create_target,
    renew_target_secret,
)
from openpatron.rostering.actions.sync_site import sync_site
from openpatron.rostering.models import Target
from openpatron.rostering.targets.oneroster_rest.deliver import BASE, TOKEN

_SITE = "maple"
_NAME = "Reading community"


class Command(ActorCommand):
    """Deliver Maple Elementary to the reading community beside it; once, and at a new address."""

    help = "Connect the demo's reading community with OpenPatron's own provider."

    def work(self, **options: Any) -> int:
        """Connect, deliver, pull; nothing where all of that stands already."""
        if not demo_is_loaded():
            raise StateError(_("The demo is not loaded here. Load it: %s") % "openpatron load_demo")
        options["organization"] = CASCADIA.slug
        with self.opened(options) as actor:
            address = settings.OPENPATRON_BASE_URL + BASE
            if Community.objects.filter(base_url=address).exists():
                return DONE
            self._connect(actor, address)
            job = run(sync_site(actor, site_by_short_name(_SITE, "site"), at_once=True))
            if job.state == State.PLANNED:
                run(confirm_job(actor, job))
            pull = pull_roster(actor, is_full=True)
            if pull.outcome != Pull.Outcome.DONE:
                sys.stderr.write(f"{pull.problem}\n")
                return WITH_FAILURES
        return DONE

    def _connect(self, actor: Actor, address: str) -> None:
        earlier = Target.objects.filter(name=_NAME, kind=Target.Kind.REST).first()
        if earlier is None:
            sites = [site_by_short_name(_SITE, "site")]
            wanted = WantedTarget(name=_NAME, kind=Target.Kind.REST, sites=sites)
            target, secret = create_target(actor, wanted)
        else:
            target, secret = renew_target_secret(actor, earlier.pk)
        token = settings.OPENPATRON_BASE_URL + TOKEN
        connect_provider(actor, WantedProvider(address, token, target.client_id, secret))
