"""The addresses of external records: protections, linking to a source and back."""

from django.urls import URLPattern, path

from . import link_updates, protections, source_link

urlpatterns: list[URLPattern] = [
    path("protections/", protections.protections, name="protections"),
    path(
        "protections/export.<str:form>", protections.export_protections, name="export_protections"
    ),
    path("protections/release/", protections.release_protections, name="release_protections"),
    path("patrons/<int:number>/link/", source_link.link_to_source, name="link_to_source"),
    path("patrons/<int:number>/unlink/", source_link.unlink_from_source, name="unlink_from_source"),
    path("update-patrons/link-patrons/", link_updates.link_patrons, name="link_patrons"),
    path("update-patrons/unlink-patrons/", link_updates.unlink_patrons, name="unlink_patrons"),
]
