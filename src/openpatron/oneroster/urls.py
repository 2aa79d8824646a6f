"""The addresses of the provider; each asks for its own token."""

from django.urls import path, re_path

from . import views

PUBLIC = "public"

for view in (views.token, views.sync, views.discovery, views.rostering):
    # As the pages' gate marks what anybody may call: these ask for a client or a token themselves.
    view.gate = PUBLIC  # type: ignore[attr-defined]

urlpatterns = [
    path("ims/oneroster/token", views.token, name="oneroster_token"),
    path("ims/oneroster/sync", views.sync, name="oneroster_sync"),
    path(
        "ims/oneroster/rostering/v1p2/discovery/onerosterv1p2rostersservice_openapi3_v1p0.json",
        views.discovery,
        name="oneroster_discovery",
    ),
    re_path(
        r"^ims/oneroster/rostering/v1p2/(?P<path>.{1,300})$", views.rostering, name="oneroster"
    ),
]
