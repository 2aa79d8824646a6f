"""The addresses of the reading community, under one organization."""

from django.urls import URLPattern, path

from . import reading

urlpatterns: list[URLPattern] = [
    path("reading/history/", reading.reading_history, name="reading_history"),
]
