"""Finds e-mail addresses, telephone numbers and card numbers in source code.

The kinds are those of BigCode's pipeline for The Stack; a value that documentation uses as an
example does not count.
"""

import re

from codeio_ops.records import Drop

_EMAIL = re.compile(
    r"\b[\w.+-]{1,64}@(?!(?:[\w-]+\.)*(?:example|test|localhost|domain|email|users\.noreply)\.)"
    r"(?:[a-z0-9-]{2,63}\.)+[a-z]{2,12}\b",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![\w.+-])\+\d{1,3}[ .-]?\(?\d{2,4}\)?[ .-]?\d{3,4}[ .-]?\d{3,4}(?!\w)")
_CARD = re.compile(r"(?<![\w.-])(?:\d{4}[ -]){3}\d{4}(?![\w-])")
_NO_PERSON = ("git@", "noreply@", "no-reply@", "info@", "support@", "user@", "foo@", "name@")


def personal_data(path: str, text: str) -> Drop | None:
    """Return a drop that names the kind of data, and never the data."""
    for sign, kind, pattern in (("@", "e-mail address", _EMAIL), ("+", "telephone number", _PHONE)):
        for found in pattern.finditer(text) if sign in text else ():
            if not found[0].lower().startswith(_NO_PERSON):
                return _drop(kind, text, found.start())
    for found in _CARD.finditer(text):
        if _passes_luhn(found[0]):
            return _drop("card number", text, found.start())
    return None


def _drop(kind: str, text: str, start: int) -> Drop:
    line = text.count("\n", 0, start) + 1
    return Drop(reason="personal_data", detail=f"{kind} in line {line}")


def _passes_luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number) if digit.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0 and any(digits)
