"""Which languages pages can be in, and which of several wishes one of them is.

A language is one of the pages' where there is a catalogue of our own words (``make messages``);
then dates and numbers follow as well. Without one a page would be a mixture: Django's catalogues
know some of our words, and the rest would stay English. The kinds of English need none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import global_settings
from django.utils import translation
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from pathlib import Path

    from django_stubs_ext import StrOrPromise

ENGLISH = "en"
"""The language that the words are written in."""


def with_catalogue(folder: Path) -> list[tuple[str, StrOrPromise]]:
    """Return (code, name) of the kinds of English, and of the languages with a catalogue there."""
    return [
        (code, gettext_lazy(name))
        for code, name in global_settings.LANGUAGES
        if code.partition("-")[0] == ENGLISH
        or (folder / translation.to_locale(code) / "LC_MESSAGES/django.mo").is_file()
    ]


def of_pages(*wishes: str) -> str:
    """Return the first of these languages that pages can be in, English for none of them."""
    for wish in wishes:
        if wish:
            try:
                return translation.get_supported_language_variant(wish)
            except LookupError:
                continue
    return ENGLISH
