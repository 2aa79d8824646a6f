"""Somebody at the pages of Cascadia, and what the pages say to them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client
from django.urls import reverse

from openpatron.accounts.models import Account

WORDS = {
    "at": "maple",
    "whose": "grade_level",
    "value": "5",
    "to": "cedar",
    "patron_type": "Student",
    "access_level": "Patron",
}
REQUEST = "6f1f6bb0-6a26-4c0a-8d4e-0d9b7b1b0f11"


class Visitor:
    """Somebody at the pages of Cascadia."""

    def __init__(self, account: Account) -> None:
        """Sign the account in."""
        self.account = account
        self.client = Client()
        self.client.force_login(account)

    def get(self, name: str, /, *args: Any, **query: str) -> Any:
        return self.client.get(reverse(name, args=["cascadia", *args]), query)

    def post(self, name: str, /, *args: Any, **words: str) -> Any:
        return self.client.post(reverse(name, args=["cascadia", *args]), words)

    def preview(self, request: str = REQUEST, **words: str) -> Any:
        address = reverse("add_associations", args=["cascadia"])
        return self.client.post(f"{address}?request={request}", WORDS | words)


def text_of(response: Any) -> str:
    """Return what a page says, without its tags."""
    page = b"".join(response) if response.streaming else response.content
    words = re.sub(r"<[^>]*>", " ", page.decode())
    return " ".join(unescape(words).split())


def options(response: Any, place: str) -> list[str]:
    """Return the choices of one place of the sentence, as they are shown."""
    page = response.content.decode()
    select = re.search(rf'<select[^>]*id="id_{place}".*?</select>', page, re.DOTALL)
    assert select, place
    found = re.findall(r'<option value="[^"]+"[^>]*>(.*?)</option>', select[0])
    return [unescape(o) for o in found]
