"""The addresses of the desk, under one organization."""

from django.urls import URLPattern, path

from . import desk, desk_deeds, desk_loans, desk_site_pages, items

_PATRON = "desk/<str:short_name>/patrons/<int:number>/"

urlpatterns: list[URLPattern] = [
    path("desk/", desk.desk, name="desk"),
    path("desk/<str:short_name>/", desk.desk_site, name="desk_site"),
    path("desk/<str:short_name>/scan/", desk.scan, name="scan"),
    path("desk/<str:short_name>/returns/", desk.returns, name="returns"),
    path(
        "desk/<str:short_name>/requests/expire/",
        desk_site_pages.expire_requests,
        name="expire_requests",
    ),
    path("desk/<str:short_name>/closing-days/", desk_site_pages.closed_days, name="closed_days"),
    path(
        "desk/<str:short_name>/closing-days/<int:number>/open/",
        desk_site_pages.open_days,
        name="open_days",
    ),
    path(_PATRON, desk.desk_patron, name="desk_patron"),
    path(f"{_PATRON}acknowledge/", desk.acknowledge, name="acknowledge"),
    path(f"{_PATRON}renew/", desk_loans.renew, name="renew_loans"),
    path(f"{_PATRON}receipt/", desk_loans.receipt, name="receipt"),
    path(f"{_PATRON}loans/<int:loan>/", desk_loans.desk_loan, name="desk_loan"),
    path(f"{_PATRON}requests/", desk_deeds.request_item, name="request_item"),
    path(
        f"{_PATRON}requests/<int:asked>/cancel/", desk_deeds.cancel_request, name="cancel_request"
    ),
    path(f"{_PATRON}fees/", desk_deeds.charge_fee, name="charge_fee"),
    path(f"{_PATRON}fees/<int:fee>/", desk_deeds.settle_fee, name="settle_fee"),
    path(f"{_PATRON}proxies/", desk_deeds.grant_proxy, name="grant_proxy"),
    path(f"{_PATRON}proxies/<int:proxy>/end/", desk_deeds.end_proxy, name="end_proxy"),
    path(f"{_PATRON}borrowing/", desk_deeds.borrowing_request, name="borrowing_request"),
    path(
        f"{_PATRON}borrowing/<int:wish>/",
        desk_deeds.move_borrowing_request,
        name="move_borrowing_request",
    ),
    path("items/", items.items, name="items"),
    path("items/import/", items.import_items, name="import_items"),
    path("items/export.csv", items.export_items, name="export_items"),
    path("items/<int:number>/", items.item, name="item"),
    path("items/<int:number>/state/", items.set_item_state, name="set_item_state"),
]
