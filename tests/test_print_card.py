"""A card on paper: what stands on it, in which sizes, and what cannot be drawn."""

from __future__ import annotations

import pytest

from openpatron.kernel.paper import lacking
from openpatron.web.card_pdf import PAPERS, PrintedCard, card_pdf

from .visitor import Visitor, text_of
from .world import World


@pytest.fixture
def leo(world: World) -> Visitor:
    return Visitor(world.staff("Library administrator", world.maple, "leo"))


@pytest.mark.parametrize(
    ("text", "missing"),
    [("Zoë Erdős Łukasz 王明 سعاد", ""), ("a\u0301b", ""), ("ก Ada 🦉", "ก🦉")],
)
def test_what_no_font_can_draw_is_said(text: str, missing: str) -> None:
    assert lacking(text) == missing


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("value", ["4711", "29000015", "X" * 40, "بطاقة", "a b%c", "é", "~\\"])
@pytest.mark.parametrize("is_code39", [True, False])
def test_every_number_makes_a_card(value: str, is_code39: bool, paper: str) -> None:
    if is_code39 and not value.isdecimal():
        pytest.skip("Code 39 has digits, capitals and few signs")
    card = PrintedCard("Cascadia", "Maple", "Ada Lovelace " * 9, "ada", value, is_code39)
    pdf = card_pdf(card, paper)
    assert pdf.startswith(b"%PDF-")
    assert card.has_bars == (value.isascii() and len(value) < 30)


def test_the_page_offers_the_sizes_and_says_what_cannot_be_drawn(
    leo: Visitor, world: World
) -> None:
    patron = world.patron(barcode="4711", first="ก", last="ข", username="ming")
    card = patron.barcodes.get()
    said = text_of(leo.get("card", patron.pk, card.pk))
    assert "The name on it is “ming”" in said
    for paper in PAPERS:
        answer = leo.get("print_card", patron.pk, card.pk, paper=paper)
        assert answer.headers["Content-Type"] == "application/pdf"
        assert "4711" not in answer.headers["Content-Disposition"]
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.content.startswith(b"%PDF-")
    assert leo.get("print_card", patron.pk, card.pk, paper="a3").status_code == 404


def test_a_number_that_is_not_current_is_not_printed(leo: Visitor, world: World) -> None:
    patron = world.patron()
    old = world.card(patron, world.maple, "4711", "replaced")
    assert "not current" in text_of(leo.get("card", patron.pk, old.pk))
    assert leo.get("print_card", patron.pk, old.pk).status_code == 404


def test_cards_of_sites_out_of_sight_are_not_there(leo: Visitor, world: World) -> None:
    patron = world.patron()
    world.tie(patron, world.alder, "4712")
    there = patron.barcodes.get(value="4712")
    assert leo.get("card", patron.pk, there.pk).status_code == 404
    assert leo.get("print_card", patron.pk, there.pk).status_code == 404
