"""The addresses of homerooms and synchronization, under one organization."""

from django.urls import URLPattern, path

from . import homerooms, mend_readiness, merge_homerooms, move_students, rostering, targets

urlpatterns: list[URLPattern] = [
    path("rostering/", rostering.rostering, name="rostering"),
    path("rostering/targets/", targets.targets, name="targets"),
    path("rostering/targets/add/", targets.create_target, name="create_target"),
    path("rostering/targets/<int:number>/", targets.edit_target, name="edit_target"),
    path(
        "rostering/targets/<int:number>/secret/",
        targets.renew_target_secret,
        name="renew_target_secret",
    ),
    path("rostering/targets/<int:number>/delete/", targets.delete_target, name="delete_target"),
    path(
        "rostering/sites/<str:short_name>/reading-platform/",
        rostering.edit_platform_setup,
        name="edit_platform_setup",
    ),
    path("rostering/sites/<str:short_name>/readiness/", rostering.readiness, name="readiness"),
    path(
        "rostering/sites/<str:short_name>/readiness/<str:code>/",
        mend_readiness.mend_readiness,
        name="mend_readiness",
    ),
    path("rostering/sites/<str:short_name>/sync/", rostering.sync_site, name="sync_site"),
    path("rostering/sites/<str:short_name>/homerooms/", homerooms.homerooms, name="homerooms"),
    path(
        "rostering/sites/<str:short_name>/homerooms/add/",
        homerooms.add_homeroom,
        name="add_homeroom",
    ),
    path(
        "rostering/sites/<str:short_name>/homerooms/copy/",
        homerooms.copy_homerooms,
        name="copy_homerooms",
    ),
    path(
        "rostering/sites/<str:short_name>/homerooms/move/",
        move_students.move_students,
        name="move_students",
    ),
    path(
        "rostering/sites/<str:short_name>/homerooms/<int:number>/",
        homerooms.homeroom,
        name="homeroom",
    ),
    path(
        "rostering/sites/<str:short_name>/homerooms/<int:number>/scan/",
        homerooms.move_student,
        name="move_student",
    ),
    path(
        "rostering/sites/<str:short_name>/homerooms/<int:number>/merge/",
        merge_homerooms.merge_homerooms,
        name="merge_homerooms",
    ),
    path(
        "rostering/sites/<str:short_name>/homerooms/<int:number>/site/",
        merge_homerooms.move_homeroom,
        name="move_homeroom",
    ),
    path(
        "rostering/sites/<str:short_name>/homerooms/<int:number>/delete/",
        homerooms.delete_homeroom,
        name="delete_homeroom",
    ),
]
