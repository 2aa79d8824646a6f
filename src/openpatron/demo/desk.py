"""The demo's items, and some of them on loan: a few shelves for each library, whatever the size.

Loans are the one thing here that looks at the calendar: seen from the demo's own May all would be
overdue.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils import timezone

from openpatron.circulation.models import Fee, Item, Loan, Request
from openpatron.organizations.models import Site
from openpatron.patrons.models import Association

if TYPE_CHECKING:
    from openpatron.organizations.models import Organization

_BOOKS = (
    ("Alice's Adventures in Wonderland", "Lewis Carroll"), ("Treasure Island", "R. L. Stevenson"),
    ("The Secret Garden", "Frances Hodgson Burnett"), ("Little Women", "Louisa May Alcott"),
    ("The Jungle Book", "Rudyard Kipling"), ("Heidi", "Johanna Spyri"),
    ("The Wind in the Willows", "Kenneth Grahame"), ("Peter and Wendy", "J. M. Barrie"),
    ("Anne of Green Gables", "L. M. Montgomery"), ("Black Beauty", "Anna Sewell"),
    ("The Call of the Wild", "Jack London"), ("White Fang", "Jack London"),
    ("Twenty Thousand Leagues Under the Seas", "Jules Verne"), ("Frankenstein", "Mary Shelley"),
    ("Around the World in Eighty Days", "Jules Verne"), ("Emma", "Jane Austen"),
    ("The Time Machine", "H. G. Wells"), ("The War of the Worlds", "H. G. Wells"),
    ("Great Expectations", "Charles Dickens"), ("Oliver Twist", "Charles Dickens"),
    ("Jane Eyre", "Charlotte Brontë"), ("Wuthering Heights", "Emily Brontë"),
    ("Walden", "Henry David Thoreau"), ("Moby-Dick", "Herman Melville"),
    ("The Adventures of Tom Sawyer", "Mark Twain"), ("Pinocchio", "Carlo Collodi"),
    ("The Wonderful Wizard of Oz", "L. Frank Baum"), ("Hans Brinker", "Mary Mapes Dodge"),
    ("The Count of Monte Cristo", "Alexandre Dumas"), ("Dracula", "Bram Stoker"),
)  # fmt: skip
_COPIES = 2
_READERS = 12


def stock_shelves(organization: Organization) -> None:
    """Make items for each library of the opened organization, and lend some at each."""
    sites = list(Site.objects.filter(kind=Site.Kind.LIBRARY).order_by("pk"))
    made = Item.objects.bulk_create(
        Item(
            organization=organization,
            barcode=f"3{place:02d}{copy}{book:04d}",
            title=title,
            author=author,
            item_type="book",
            home_site=site,
            site=site,
            price=Decimal(8 + book % 9),
        )
        for place, site in enumerate(sites, start=1)
        for copy in range(1, _COPIES + 1)
        for book, (title, author) in enumerate(_BOOKS, start=1)
    )
    shelves: dict[int, list[Item]] = {}
    for item in made:
        shelves.setdefault(item.site_id, []).append(item)
    for site in sites:
        _lend_some(organization, site, shelves[site.pk])


def _lend_some(organization: Organization, site: Site, shelf: list[Item]) -> None:
    """Lend to the first and the last who came: among these are those who sign in."""
    today, now = timezone.localdate(), timezone.now()
    ties = Association.objects.filter(site=site).select_related("patron_type")
    readers = [*ties.order_by("pk")[:_READERS], *ties.order_by("-pk")[:2]]
    readers = list({tie.patron_id: tie for tie in readers}.values())
    loans = Loan.objects.bulk_create(
        Loan(
            organization=organization,
            item=item,
            patron_id=tie.patron_id,
            site=site,
            patron_type=tie.patron_type.name,
            lent_at=now - timedelta(days=10),
            # Every fifth is late.
            due_on=today + timedelta(days=-2 if place % 5 == 4 else 4 + place),  # noqa: PLR2004
        )
        for place, (tie, item) in enumerate(zip(readers, shelf, strict=False))
    )
    if len(loans) > 1:
        Request.objects.create(
            organization=organization,
            item=loans[0].item,
            patron_id=loans[1].patron_id,
            pickup_site=site,
        )
        Fee.objects.create(
            organization=organization,
            patron_id=loans[-1].patron_id,
            kind=Fee.Kind.CARD,
            amount=Decimal("3.00"),
            owed=Decimal("3.00"),
            text="New card",
        )
