"""The addresses of homerooms and synchronization, under one organization."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
