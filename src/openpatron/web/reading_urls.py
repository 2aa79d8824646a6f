"""The addresses of the reading community, under one organization."""

from django.urls import URLPattern, path

from . import reading, reading_groups, reading_school

urlpatterns: list[URLPattern] = [
    path("reading/", reading.reading, name="reading"),
    path("reading/join/", reading.join_group, name="join_group"),
    path("reading/log/", reading.log_reading, name="log_reading"),
    path("reading/log/<int:number>/delete/", reading.take_back, name="take_back_reading"),
    path("reading/history/", reading.reading_history, name="reading_history"),
    path("reading/provider/", reading.connect_provider, name="connect_provider"),
    path("reading/groups/<int:number>/", reading_groups.group, name="reading_group"),
    path("reading/groups/<int:number>/name/", reading_groups.name_group, name="name_group"),
    path("reading/groups/<int:number>/code/", reading_groups.group_code, name="group_code"),
    path("reading/groups/<int:number>/leave/", reading_groups.leave_group, name="leave_group"),
    path("reading/schools/<int:number>/groups/add/", reading_groups.add_group, name="add_group"),
    path(
        "reading/schools/<int:number>/students/", reading_school.all_students, name="all_students"
    ),
    path(
        "reading/schools/<int:number>/students/move/",
        reading_school.move_readers,
        name="move_readers",
    ),
    path(
        "reading/schools/<int:number>/students/moves/<int:move>/undo/",
        reading_school.undo_move,
        name="undo_move",
    ),
    path("reading/schools/<int:number>/settings/", reading_school.edit_school, name="edit_school"),
]
