"""The addresses of the places where people sign in, under one organization."""

from django.urls import URLPattern, path

from . import identity_providers as pages

_AT = "admin/identity-providers/"

urlpatterns: list[URLPattern] = [
    path(_AT, pages.identity_providers, name="identity_providers"),
    path(f"{_AT}add/", pages.add_identity_provider, name="add_identity_provider"),
    path(f"{_AT}<int:number>/", pages.edit_identity_provider, name="edit_identity_provider"),
    path(
        f"{_AT}<int:number>/check/", pages.check_identity_provider, name="check_identity_provider"
    ),
    path(
        f"{_AT}<int:number>/delete/",
        pages.delete_identity_provider,
        name="delete_identity_provider",
    ),
]
