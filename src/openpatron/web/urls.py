"""The addresses of all pages. Inside an organization every address begins with its name."""

from allauth.account.views import account_inactive, login, logout
from django.urls import URLPattern, URLResolver, include, path

from . import (
    blocks,
    change_password,
    edit_patron,
    erasure,
    home,
    patron_list,
    patron_page,
    register_patron,
    remove_patron,
    set_password,
    sites,
    staff_roles,
)
from .gate import public

_organization: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("my-library/", home.my_library, name="my_library"),
    path("patrons/", patron_list.patrons, name="patrons"),
    path("patrons/export.csv", patron_list.export_patrons, name="export_patrons"),
    path("patrons/erasure-wishes/", erasure.erasure_wishes, name="erasure_wishes"),
    path("patrons/register/", register_patron.register_patron, name="register_patron"),
    path("patrons/<int:number>/", patron_page.patron, name="patron"),
    path("patrons/<int:number>/edit/", edit_patron.edit_patron, name="edit_patron"),
    path("patrons/<int:number>/block/", blocks.block_patron, name="block_patron"),
    path("patrons/<int:number>/blocks/<int:block>/lift/", blocks.lift_block, name="lift_block"),
    path(
        "patrons/<int:number>/staff-roles/give/",
        staff_roles.give_staff_role,
        name="give_staff_role",
    ),
    path(
        "patrons/<int:number>/staff-roles/<int:role>/end/",
        staff_roles.end_staff_role,
        name="end_staff_role",
    ),
    path("patrons/<int:number>/remove/", remove_patron.remove_patron, name="remove_patron"),
    path("patrons/<int:number>/password/", set_password.set_password, name="set_password"),
    path("sites/", sites.sites, name="sites"),
    path("sites/<str:short_name>/", sites.site, name="site"),
    path("", include("openpatron.web.job_urls")),
]

urlpatterns = [
    path("", home.start, name="start"),
    # Only these of allauth's: nobody signs up or resets a password by page.
    path("sign-in/", public(login), name="account_login"),
    path("sign-in/closed/", public(account_inactive), name="account_inactive"),
    path("sign-out/", public(logout), name="account_logout"),
    path("me/erasure/", erasure.erasure, name="erasure"),
    path("password/", change_password.change_password, name="change_password"),
    path("o/<slug:organization>/", include(_organization)),
]
