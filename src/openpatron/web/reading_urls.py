"""The addresses of the reading community, under one organization."""

from django.urls import URLPattern, path

from . import (
    reading,
    reading_groups,
    reading_provider,
    reading_school,
    reading_sign_in,
    reading_students,
)

_GROUP, _SCHOOL = "reading/groups/<int:number>/", "reading/schools/<int:number>/"

urlpatterns: list[URLPattern] = [
    path("reading/", reading.reading, name="reading"),
    path("reading/join/", reading.join_group, name="join_group"),
    path("reading/log/", reading.my_reading, name="my_reading"),
    path("reading/log/reading-log.csv", reading.my_reading_csv, name="my_reading_csv"),
    path("reading/log/write/", reading.log_reading, name="log_reading"),
    path("reading/log/<int:number>/delete/", reading.take_back, name="take_back_reading"),
    path("reading/history/", reading_provider.reading_history, name="reading_history"),
    path("reading/provider/", reading_provider.connect_provider, name="connect_provider"),
    path("reading/sign-out/", reading_sign_in.reading_sign_out, name="reading_sign_out"),
    path(_GROUP, reading_groups.group, name="reading_group"),
    path(f"{_GROUP}list.pdf", reading_groups.group_list, name="group_list"),
    path(f"{_GROUP}name/", reading_groups.name_group, name="name_group"),
    path(f"{_GROUP}code/", reading_groups.group_code, name="group_code"),
    path(f"{_GROUP}leave/", reading_groups.leave_group, name="leave_group"),
    path(f"{_GROUP}teachers/add/", reading_groups.add_teacher, name="add_teacher"),
    path(f"{_GROUP}teachers/remove/", reading_groups.remove_teacher, name="remove_teacher"),
    path(f"{_GROUP}archive/", reading_groups.archive_group, name="archive_group"),
    path(f"{_GROUP}restore/", reading_groups.restore_group, name="restore_group"),
    path(f"{_SCHOOL}groups/add/", reading_groups.add_group, name="add_group"),
    path(f"{_SCHOOL}groups/lists.pdf", reading_groups.group_lists, name="group_lists"),
    path(f"{_SCHOOL}students/", reading_students.all_students, name="all_students"),
    path(f"{_SCHOOL}students/export.csv", reading_students.export_students, name="export_students"),
    path(f"{_SCHOOL}students/move/", reading_students.move_readers, name="move_readers"),
    path(f"{_SCHOOL}students/moves/<int:move>/undo/", reading_students.undo_move, name="undo_move"),
    path(f"{_SCHOOL}settings/", reading_school.edit_school, name="edit_school"),
    path(f"{_SCHOOL}guides/<slug:way>/", reading_school.year_guide, name="year_guide"),
]
