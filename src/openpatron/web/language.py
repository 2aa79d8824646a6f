"""The language of a page: the person's own, then the organization's, or the browser's.

Inside an organization ``gate.py`` decides. Without signing in, and elsewhere for who has chosen
none, it is the browser's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from openpatron.kernel import languages

if TYPE_CHECKING:
    from django.http import HttpRequest


class LanguageMiddleware(LocaleMiddleware):
    """Speaks as the browser asks for, or as the person who is signed in has chosen."""

    def process_request(self, request: HttpRequest) -> None:
        """Choose the language for this request."""
        super().process_request(request)
        if request.user.is_authenticated and request.user.language:
            language = languages.of_pages(request.user.language)
            translation.activate(language)
            request.LANGUAGE_CODE = language
