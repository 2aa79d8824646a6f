"""The shape of a site's card numbers: prefix, running number, check digit. Pure, no database.

Sources: Luhn, ISO/IEC 7812-1 annex B, by way of python-stdnum; Code 39 modulo 43,
ANSI/AIM BC1-1995.
"""

from __future__ import annotations

from dataclasses import dataclass

from stdnum import luhn

CODE39 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"

CHECK_NONE = "none"
CHECK_LUHN = "luhn"
CHECK_MOD43 = "mod43"


@dataclass(frozen=True, slots=True)
class BarcodePattern:
    """``prefix`` + a number of exactly ``digits`` digits + a check character, or none.

    Numbers run from ``first`` to ``last``, both included. ``digits == 0`` means that the site
    gives no numbers of its own.
    """

    prefix: str
    digits: int
    check: str
    first: int
    last: int

    def check_character(self, body: str) -> str:
        """Return the check character for prefix and digits together ("" without a check)."""
        if self.check == CHECK_LUHN:
            return luhn.calc_check_digit(body)
        if self.check == CHECK_MOD43:
            return CODE39[sum(CODE39.index(c) for c in body) % 43]
        return ""

    def value(self, number: int) -> str:
        """Return the card number for a running number."""
        body = f"{self.prefix}{number:0{self.digits}d}"
        return body + self.check_character(body)

    def number(self, value: str) -> int | None:
        """Return the running number of a card number, or None where it does not fit the pattern."""
        if not self.digits or not value.startswith(self.prefix):
            return None
        digits = value[len(self.prefix) : len(self.prefix) + self.digits]
        if len(digits) != self.digits or not (digits.isascii() and digits.isdigit()):
            return None
        number = int(digits)
        return number if self.first <= number <= self.last and value == self.value(number) else None
