"""The addresses of sources, feeds and protections, under one organization."""

from django.urls import URLPattern, path

from . import edit_source, feeds, map_sample, settle_lookalikes, sources

urlpatterns: list[URLPattern] = [
    path("sources/", sources.sources, name="sources"),
    path("sources/add/", map_sample.add_source, name="add_source"),
    path("sources/add/<str:sample>/", map_sample.map_sample, name="map_sample"),
    path("sources/<slug:code>/", sources.source, name="source"),
    path("sources/<slug:code>/edit/", edit_source.edit_source, name="edit_source"),
    path("sources/<slug:code>/text/", edit_source.edit_source_text, name="edit_source_text"),
    path("sources/<slug:code>/delete/", sources.delete_source, name="delete_source"),
    path("sources/<slug:code>/feeds/", feeds.feeds, name="feeds"),
    path("sources/<slug:code>/feeds/run/", feeds.run_feed, name="run_feed"),
    path("sources/<slug:code>/feeds/<int:number>/", feeds.feed, name="feed"),
    path(
        "sources/<slug:code>/feeds/<int:number>/rejected/",
        feeds.feed_rejected,
        name="feed_rejected",
    ),
    path(
        "sources/<slug:code>/feeds/<int:number>/lookalikes/",
        settle_lookalikes.settle_lookalikes,
        name="settle_lookalikes",
    ),
    path("sources/<slug:code>/source.toml", sources.source_file, name="source_file"),
]
