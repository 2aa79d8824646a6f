"""The addresses of the desk, under one organization."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
