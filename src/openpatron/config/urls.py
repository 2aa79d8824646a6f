"""All addresses: those of the pages, and those of the protocols."""

from django.urls import include, path

urlpatterns = [
    path("", include("openpatron.oneroster.urls")),
    path("", include("openpatron.web.urls")),
]
handler403 = "openpatron.web.errors.forbidden"
handler404 = "openpatron.web.errors.not_found"
handler500 = "openpatron.web.errors.broken"
