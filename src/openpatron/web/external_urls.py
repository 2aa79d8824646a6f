"""The addresses of external records: protections, linking to a source and back."""

from django.urls import URLPattern, path

from . import protections

urlpatterns: list[URLPattern] = [
    path("protections/", protections.protections, name="protections"),
    path("protections/release/", protections.release_protections, name="release_protections"),
]
