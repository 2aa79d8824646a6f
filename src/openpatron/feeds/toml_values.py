"""Reading a nested table (from TOML or JSON) value by value: every error says where, and what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean

_SHOWN = 60


class Values:
    """One table of a source file; ``where`` is its place, like ``fields.birth_date``.

    Each reading method takes the key and returns the value, or the default where it is left out.
    What is not of the right kind raises ``InputError`` with the place as its field. ``done`` raises
    for keys that nobody asked for.
    """

    def __init__(self, table: Any, where: str = "") -> None:
        self.where = where
        if not isinstance(table, Mapping):
            raise InputError(
                where, _("%(where)s: %(found)s was found, a table is needed.") % self._words(table)
            )
        self._table = table
        self._known: set[str] = set()

    def place(self, key: str) -> str:
        """Return where a key stands, for errors."""
        return f"{self.where}.{key}" if self.where else key

    def wrong(self, key: str, found: Any, allowed: str) -> InputError:
        """Return the error about what stands at a key; ``allowed``: a sentence on what may."""
        words = {"where": self.place(key), "found": _shown(found), "allowed": allowed}
        return InputError(
            self.place(key), _("%(where)s: %(found)s is not allowed here. %(allowed)s") % words
        )

    def text(self, key: str, default: str = "", *, limit: int = 200) -> str:
        """Return a text on one line."""
        found = self._found(key)
        if found is None:
            return default
        if not isinstance(found, str):
            raise self.wrong(key, found, _("Write a text in quotes."))
        return clean(found, self.place(key), limit=limit)

    def raw(self, key: str, default: str, *, limit: int) -> str:
        """Return a text as it is, with spaces and tabs: what separates or joins."""
        found = self._found(key)
        if found is None:
            return default
        if not isinstance(found, str) or len(found) > limit or "\x00" in found:
            raise self.wrong(key, found, _("Write at most %d characters in quotes.") % limit)
        return found

    def choice(self, key: str, default: str, allowed: Collection[str]) -> str:
        """Return one of the texts that are allowed."""
        found = self._found(key)
        if found is None:
            return default
        if not isinstance(found, str) or found not in allowed:
            known = ", ".join(f"“{one}”" for one in allowed)
            raise self.wrong(key, found, _("Allowed: %s.") % known)
        return found

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return a list of texts; a single text is a list of one."""
        found = self._found(key)
        if found is None:
            return default
        several = [found] if isinstance(found, str) else found
        if not isinstance(several, (list, tuple)) or not all(isinstance(t, str) for t in several):
            raise self.wrong(key, found, _("Write texts in quotes between square brackets."))
        return tuple(clean(text, self.place(key)) for text in several)

    def choices(
        self, key: str, default: tuple[str, ...], allowed: Collection[str]
    ) -> tuple[str, ...]:
        """Return a list of texts that are allowed, each once."""
        found = self.texts(key, default)
        for text in found:
            if text not in allowed:
                raise self.wrong(key, text, _("Allowed: %s.") % ", ".join(allowed))
        return tuple(dict.fromkeys(found))

    def number(self, key: str, default: int, *, lowest: int, highest: int) -> int:
        """Return a whole number of that range."""
        found = self._found(key)
        if found is None:
            return default
        if type(found) is not int or not lowest <= found <= highest:
            words = {"lowest": lowest, "highest": highest}
            allowed = _("Write a whole number from %(lowest)d to %(highest)d.") % words
            raise self.wrong(key, found, allowed)
        return found

    def numbers(
        self, key: str, default: tuple[int, ...], *, lowest: int, highest: int
    ) -> tuple[int, ...]:
        """Return a list of whole numbers of that range."""
        found = self._found(key)
        if found is None:
            return default
        several = found if isinstance(found, (list, tuple)) else [found]
        for one in several:
            if type(one) is not int or not lowest <= one <= highest:
                words = {"lowest": lowest, "highest": highest}
                allowed = _("Write whole numbers from %(lowest)d to %(highest)d.") % words
                raise self.wrong(key, one, allowed)
        return tuple(several)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        found = self._found(key)
        if found is None:
            return default
        if not isinstance(found, bool):
            raise self.wrong(key, found, _("Write true or false, without quotes."))
        return found

    def table(self, key: str) -> Values:
        """Return the table at a key, an empty one where it is left out."""
        found = self._found(key)
        return Values({} if found is None else found, self.place(key))

    def tables(self, key: str) -> list[Values]:
        """Return a list of tables."""
        found = self._found(key)
        if not isinstance(found, (list, tuple, type(None))):
            raise self.wrong(key, found, _("Write one or several [[%s]].") % self.place(key))
        places = enumerate(found or (), start=1)
        return [Values(one, f"{self.place(key)}[{n}]") for n, one in places]

    def pairs(self, key: str, *, limit: int = 200) -> dict[str, str]:
        """Return a table of texts by text: what is found, and what it means."""
        inner = self.table(key)
        return {found: inner.text(found, limit=limit) for found in inner.keys()}  # noqa: SIM118  no mapping

    def keys(self) -> list[str]:
        """Return the keys that are there."""
        return list(self._table)

    def is_text(self, key: str) -> bool:
        """Tell whether a single text, or a list, stands where a table may stand as well."""
        return isinstance(self._table.get(key), (str, list, tuple))

    def done(self) -> None:
        """Raise for the first key that is none of ours."""
        for key in self._table:
            if key not in self._known:
                raise InputError(
                    self.place(str(key)[:_SHOWN]),
                    _("%(where)s: there is no such setting. There are: %(known)s.")
                    % {
                        "where": self.place(str(key)[:_SHOWN]),
                        "known": ", ".join(sorted(self._known)),
                    },
                )

    def _found(self, key: str) -> Any:
        self._known.add(key)
        return self._table.get(key)

    def _words(self, found: Any) -> dict[str, str]:
        return {"where": self.where or _("The file"), "found": _shown(found)}


def _shown(found: Any) -> str:
    """Return what was found as it is written in TOML, roughly and not too long."""
    if isinstance(found, bool):
        return "true" if found else "false"
    text = f"“{found}”" if isinstance(found, str) else str(found)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
