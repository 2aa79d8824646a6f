"""The addresses of the administration, under one organization."""

from django.urls import URLPattern, path

from . import (
    access_levels,
    administration,
    loan_statistics,
    message_texts,
    patron_types,
    registration_templates,
)

urlpatterns: list[URLPattern] = [
    path("admin/", administration.administration, name="administration"),
    path("admin/organization/", administration.edit_organization, name="edit_organization"),
    path("sites/<str:short_name>/edit/", administration.edit_site, name="edit_site"),
    path("admin/patron-types/", patron_types.patron_types, name="patron_types"),
    path("admin/patron-types/add/", patron_types.add_patron_type, name="add_patron_type"),
    path(
        "admin/patron-types/<int:number>/", patron_types.edit_patron_type, name="edit_patron_type"
    ),
    path(
        "admin/patron-types/<int:number>/delete/",
        patron_types.delete_patron_type,
        name="delete_patron_type",
    ),
    path("admin/access-levels/", access_levels.access_levels, name="access_levels"),
    path("admin/access-levels/add/", access_levels.add_access_level, name="add_access_level"),
    path(
        "admin/access-levels/<int:number>/",
        access_levels.edit_access_level,
        name="edit_access_level",
    ),
    path(
        "admin/access-levels/<int:number>/delete/",
        access_levels.delete_access_level,
        name="delete_access_level",
    ),
    path(
        "admin/templates/",
        registration_templates.registration_templates,
        name="registration_templates",
    ),
    path(
        "admin/templates/add/",
        registration_templates.add_registration_template,
        name="add_registration_template",
    ),
    path(
        "admin/templates/<int:number>/",
        registration_templates.edit_registration_template,
        name="edit_registration_template",
    ),
    path(
        "admin/templates/<int:number>/delete/",
        registration_templates.delete_registration_template,
        name="delete_registration_template",
    ),
    path("admin/messages/", message_texts.message_texts, name="message_texts"),
    path(
        "admin/messages/letters/", message_texts.edit_letter_settings, name="edit_letter_settings"
    ),
    path("admin/messages/<slug:kind>/", message_texts.edit_message_rule, name="edit_message_rule"),
    path(
        "admin/messages/<slug:kind>/<slug:language>/",
        message_texts.edit_message_text,
        name="edit_message_text",
    ),
    path(
        "admin/messages/<slug:kind>/<slug:language>/delete/",
        message_texts.delete_message_text,
        name="delete_message_text",
    ),
    path("loans-in-numbers/", loan_statistics.loan_statistics, name="loan_statistics"),
]
