"""The addresses of updating patrons and of jobs, under one organization."""

from django.urls import URLPattern, path

from . import (
    add_associations,
    change_field,
    job_actions,
    jobs,
    merge_patrons,
    possible_duplicates,
    promote,
    remove_patrons,
    whom_updates,
)

urlpatterns: list[URLPattern] = [
    path("update-patrons/", add_associations.update_patrons, name="update_patrons"),
    path(
        "update-patrons/add-associations/",
        add_associations.add_associations,
        name="add_associations",
    ),
    path("update-patrons/change-a-field/", change_field.change_field, name="change_field"),
    path("update-patrons/transfer/", whom_updates.transfer, name="transfer"),
    path(
        "update-patrons/remove-associations/",
        whom_updates.remove_associations,
        name="remove_associations",
    ),
    path("update-patrons/block-patrons/", whom_updates.block_patrons, name="block_patrons"),
    path("update-patrons/lift-blocks/", whom_updates.unblock_patrons, name="unblock_patrons"),
    path("update-patrons/promote/", promote.promote, name="promote"),
    path("update-patrons/remove-patrons/", remove_patrons.remove_patrons, name="remove_patrons"),
    path("update-patrons/expire-patrons/", promote.expire_patrons, name="expire_patrons"),
    path(
        "update-patrons/possible-duplicates/",
        possible_duplicates.possible_duplicates,
        name="possible_duplicates",
    ),
    path(
        "update-patrons/possible-duplicates/<int:pair>/two-people/",
        possible_duplicates.two_people,
        name="two_people",
    ),
    path(
        "update-patrons/merge-patrons/<int:kept>/<int:other>/",
        merge_patrons.merge_patrons,
        name="merge_patrons",
    ),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/<int:number>/", jobs.job, name="job"),
    path("jobs/<int:number>/summary.csv", jobs.job_csv, name="job_csv"),
    path("jobs/<int:number>/summary.json", jobs.job_json, name="job_json"),
    path("jobs/<int:number>/print/", jobs.print_job, name="print_job"),
    path("jobs/<int:number>/again/", job_actions.plan_again, name="plan_again"),
    path("jobs/<int:number>/confirm/", job_actions.confirm, name="confirm_job"),
    path("jobs/<int:number>/cancel/", job_actions.cancel, name="cancel_job"),
    path("jobs/<int:number>/undo/", job_actions.undo, name="undo_job"),
    path("jobs/<int:number>/resume/", job_actions.resume, name="resume_job"),
]
