"""The addresses of updating patrons and of jobs, under one organization."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
