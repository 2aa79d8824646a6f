"""In which language a page is: the person's, the organization's, the browser's."""

from __future__ import annotations

import struct
from datetime import date
from pathlib import Path

from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from openpatron.accounts.models import Account
from openpatron.kernel.languages import of_pages, with_catalogue
from openpatron.organizations.models import Organization
from openpatron.patrons.models import Patron

from .visitor import Visitor, text_of
from .world import World


def catalogue(folder: Path, language: str, said: dict[str, str]) -> Path:
    """Write a compiled catalogue, as ``msgfmt`` does: a head, two tables of places, the texts."""
    pairs = sorted({"": "Content-Type: text/plain; charset=UTF-8\n", **said}.items())
    begin, texts = 28 + 16 * len(pairs), b""
    tables: list[list[int]] = [[], []]
    for table, column in zip(tables, zip(*pairs, strict=True), strict=True):
        for text in column:
            table += [len(text.encode()), begin + len(texts)]
            texts += text.encode() + b"\0"
    head = [0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, begin]
    path = folder / language / "LC_MESSAGES/django.mo"
    path.parent.mkdir(parents=True)
    numbers = [*head, *tables[0], *tables[1]]
    path.write_bytes(struct.pack(f"<{len(numbers)}I", *numbers) + texts)
    return folder


def test_a_page_follows_the_person_then_the_library_then_the_browser(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    patron = world.patron()
    Patron.objects.filter(pk=patron.pk).update(expires_on=date(2099, 5, 31))
    dora = Visitor(world.staff("District patrons manager", username="dora"))
    address = reverse("patron", args=["cascadia", patron.pk])

    def said(own: str, address: str, answer: str) -> str:
        Account.objects.filter(username="dora").update(language=own)
        page = dora.client.get(address, headers={"accept-language": "en-au"})
        assert page["Content-Language"] == answer
        assert f'<html lang="{answer}" dir="ltr">' in page.content.decode()
        return text_of(page)

    assert "May 31, 2099" in said("", address, "en")
    assert "31 May 2099" in said("en-gb", address, "en-gb")
    # Without a catalogue nothing is translated, so that a page is in one language.
    assert "May 31, 2099" in said("es", address, "en")

    settings.LANGUAGES = with_catalogue(catalogue(tmp_path, "es", {"Home": "Inicio"}))
    settings.LOCALE_PATHS = [tmp_path]
    assert (of_pages("tlh", "es-mx", "en"), of_pages("tlh", ""), of_pages("de")) == (
        "es", "en", "en",
    )  # fmt: skip
    page = said("es", address, "es")
    assert "31 de mayo de 2099" in page
    assert "Inicio" in page
    assert "31 de mayo de 2099" in said("es-mx", address, "es")
    assert "May 31, 2099" in said("tlh", address, "en")
    said("es", reverse("my_libraries"), "es")
    said("", reverse("my_libraries"), "en-au")
    Organization.objects.filter(pk=world.cascadia.pk).update(locale="es")
    assert "31 de mayo de 2099" in said("", address, "es")
    assert "31 May 2099" in said("en-gb", address, "en-gb")
    # Nothing of it stays behind for the next, who is a stranger.
    for wanted, answer in (("fr, es;q=0.5", "es"), ("fr", "en"), ("", "en")):
        login = Client().get(reverse("account_login"), headers={"accept-language": wanted})
        assert f'<html lang="{answer}" dir="ltr">' in login.content.decode()


def test_forms_keep_their_dates_whatever_the_language(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    """A field of type date takes and gives year-month-day alone."""
    patron = world.patron()
    Patron.objects.filter(pk=patron.pk).update(expires_on=date(2099, 5, 31))
    dora = Visitor(world.staff("District patrons manager", username="dora"))
    Account.objects.filter(username="dora").update(language="es")
    settings.LANGUAGES = with_catalogue(catalogue(tmp_path, "es", {}))
    page = dora.get("edit_patron", patron.pk).content.decode()
    assert '<html lang="es"' in page
    assert 'value="2099-05-31"' in page
