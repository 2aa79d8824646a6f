"""Telling targets that there is news: what is due is claimed, delivered, and tried again."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.rostering.models import Health, Target

from . import kind_of, told
from .base import DeliveryError, GiveUpError, ReconfigureError, RetryError

log = logging.getLogger(__name__)

# After each failure the wait doubles; after so many it is given up until there is news again.
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=6)
MOST_ATTEMPTS = 12
# For so long nobody else tries a delivery that is under way.
_CLAIM = timedelta(minutes=5)
_SENTENCE = 300


def deliver_news() -> int:
    """Tell the targets of the opened organization what is due; return how many were told."""
    now, n = timezone.now(), 0
    # A claim further ahead than any wait is from a clock that was set back.
    due = Target.objects.filter(is_active=True, kind__in=told(), news_at__lte=now)
    for target in due.order_by("news_at"):
        claimed = Target.objects.filter(pk=target.pk, news_at=target.news_at).update(
            news_at=now + _CLAIM
        )
        if claimed:
            target.news_at = now + _CLAIM
            n += _deliver(target)
    return n


def _deliver(target: Target) -> bool:
    try:
        kind_of(target.kind).deliver(target)
    except DeliveryError as error:
        _write_down(target, error)
        return False
    # News that came while it was delivered stay due.
    Target.objects.filter(pk=target.pk, news_at=target.news_at).update(news_at=None)
    Target.objects.filter(pk=target.pk).update(
        told_at=timezone.now(), attempts=0, health=Health.GOOD, problem=""
    )
    return True


def _write_down(target: Target, error: DeliveryError) -> None:
    attempts = target.attempts + 1
    health, following = Health.RETRY, None
    if isinstance(error, ReconfigureError):
        health = Health.RECONFIGURE
    elif isinstance(error, GiveUpError) or attempts >= MOST_ATTEMPTS:
        health = Health.GIVEN_UP
    else:
        wait = min(_FIRST_WAIT * 2 ** (attempts - 1), _LONGEST_WAIT)
        if isinstance(error, RetryError) and error.wait is not None:
            wait = min(max(error.wait, _FIRST_WAIT), _LONGEST_WAIT)
        following = timezone.now() + wait
    log.warning("target %s was not told: %s", target.pk, health)
    sentence = str(error) or _("The target did not answer.")
    # News that came meanwhile have their own turn.
    Target.objects.filter(pk=target.pk, news_at=target.news_at).update(
        news_at=following, attempts=attempts, health=health, problem=sentence[:_SENTENCE]
    )
