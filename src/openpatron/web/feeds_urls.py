"""The addresses of sources, feeds and protections, under one organization."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
