"""The addresses of the provider; each asks for its own token."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import path, re_path

from . import views


def _public[V: Callable[..., HttpResponse]](view: V) -> V:
    """Mark a view that asks for a client or a token itself, as the pages' gate marks theirs."""
    view.gate = "public"  # type: ignore[attr-defined]
    return view


urlpatterns = [
    path("ims/oneroster/token", _public(views.token), name="oneroster_token"),
    path("ims/oneroster/sync", _public(views.sync), name="oneroster_sync"),
    path(
        "ims/oneroster/rostering/v1p2/discovery/onerosterv1p2rostersservice_openapi3_v1p0.json",
        _public(views.discovery),
        name="oneroster_discovery",
    ),
    re_path(
        r"^ims/oneroster/rostering/v1p2/(?P<path>[\s\S]{1,300})\Z",
        _public(views.rostering),
        name="oneroster",
    ),
]
