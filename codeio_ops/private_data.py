"""Finds secrets and personal data in text: at ingest, in finished samples and at the gates.

Secrets are found by the detectors of `detect-secrets` that know a form (keys of a provider,
private keys, tokens, passwords in URLs). Those that guess from entropy or from the name of a
variable are left out: in code they mostly find hashes and test data. The kinds of personal data
are those of BigCode's pipeline for The Stack, and card numbers. What documentation uses as a
placeholder, and what belongs to no person, does not count.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from ipaddress import ip_address
from operator import itemgetter
from typing import TYPE_CHECKING

from codeio_ops.python_code import Spans, python_code

if TYPE_CHECKING:
    from detect_secrets.plugins.base import RegexBasedDetector

_DETECTORS = (
    "ArtifactoryDetector",
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "CloudantDetector",
    "DiscordBotTokenDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "IbmCloudIamDetector",
    "JwtTokenDetector",
    "MailchimpDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SendGridDetector",
    "SlackDetector",
    "SquareOAuthDetector",
    "StripeDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
)
# What every match of a slow detector holds: without it the detector need not look.
_HELD = {
    "ArtifactoryDetector": re.compile(r"AKC|AP[\dA-F]"),
    "CloudantDetector": re.compile(r"[a-z0-9]{24}", re.IGNORECASE),
    "IbmCloudIamDetector": re.compile(r"[\w-]{44}"),
    "MailchimpDetector": re.compile(r"-us\d"),
    "SlackDetector": re.compile(r"xox|slack", re.IGNORECASE),
    "TelegramBotTokenDetector": re.compile(r":[\w-]{35}"),
}
_PLACEHOLDERS = ("example", "xxxx", "user:pass")

# Each begins with a character that is rare in code: what stands before it is looked at later.
_HOST = re.compile(r"@((?:[\w-]+\.)+[a-z]{2,})(?![\w-])", re.IGNORECASE)
_MAILBOX = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}\Z")
# RFC 2606 and RFC 6762, and the names that tutorials use: they belong to nobody.
_NOBODYS = re.compile(
    r"(?:^|\.)(?:(?:example|test)(?:\.\w+)?|(?:domain|email)\.\w+|invalid|localhost|local)$"
    r"|(?:^|\.)noreply\.",
    re.IGNORECASE,
)
_NO_PERSON = frozenset({"git", "noreply", "no-reply", "info", "support", "user", "foo", "name"})
_PHONE = re.compile(r"\+(?<![\w.+-]\+)\d{1,3}[ .-]?\(?\d{2,4}\)?[ .-]?\d{3,4}[ .-]?\d{3,4}(?!\w)")
_CARD = re.compile(r"\d(?<![\w.-]\d)\d{3}[ -](?:\d{4}[ -]){2}\d{4}(?![\w-])")
_IPV4 = re.compile(r"\d(?<![\w.]\d)\d{0,2}\.(?:\d{1,3}\.){2}\d{1,3}(?!\w|\.\w)")
# Public resolvers belong to no person, and a version such as 1.2.3.4 has small parts only.
_WELL_KNOWN = frozenset({"1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9"})
_LARGEST_VERSION = 31


def find_secrets(text: str) -> Iterator[str]:
    """Yield the kind of each secret in a text, with its line: never the secret itself."""
    for detector in _detectors():
        held = _HELD.get(type(detector).__name__)
        if held and not held.search(text):
            continue
        for pattern in detector.denylist:
            for match in pattern.finditer(text):
                if _is_secret(match[0], detector):
                    yield _place(detector.secret_type, match)


def find_personal_data(text: str) -> Iterator[str]:
    """Yield the kind of each address or number of a person, with its line: never the value.

    What is an expression of a Python program, such as a product of matrices, is neither.
    """
    code: Spans | None = None
    for kind, match in _personal(text):
        code = python_code(text) if code is None else code
        before = bisect_right(code, match.start(), key=itemgetter(0)) - 1
        if before < 0 or match.start() >= code[before][1]:
            yield _place(kind, match)


def _personal(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    for match in _HOST.finditer(text):
        mailbox = _MAILBOX.search(text, max(0, match.start() - 65), match.start())
        if mailbox and mailbox[0].lower() not in _NO_PERSON and _is_domain(match[1]):
            yield "e-mail address", match
    for match in _PHONE.finditer(text):
        if not _is_summand(match):
            yield "telephone number", match
    for match in _CARD.finditer(text):
        if _passes_luhn(match[0]):
            yield "card number", match
    for match in _IPV4.finditer(text):
        if _is_public(match[0]):
            yield "IP address", match


def _is_domain(host: str) -> bool:
    """Whether a host can belong to somebody: names that end like attributes or files cannot."""
    return host.rpartition(".")[2].upper() in _top_level_domains() and not _NOBODYS.search(host)


@cache
def _top_level_domains() -> frozenset[str]:
    from linkify_it.tlds import TLDS

    return frozenset(TLDS)


def _place(kind: str, match: re.Match[str]) -> str:
    return f"{kind}, line {match.string.count(chr(10), 0, match.start()) + 1}"


@cache
def _detectors() -> "tuple[RegexBasedDetector, ...]":
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

    kinds: Iterable[type[RegexBasedDetector]] = get_mapping_from_secret_type_to_class().values()
    known = {kind.__name__: kind for kind in kinds}
    return tuple(known[name]() for name in _DETECTORS)


def _is_secret(value: str, detector: "RegexBasedDetector") -> bool:
    """Ask the detector again, for it may check more than its patterns, and pass placeholders."""
    lowered = value.lower()
    return not any(word in lowered for word in _PLACEHOLDERS) and any(
        True for _ in detector.analyze_string(value)
    )


def _is_summand(match: re.Match[str]) -> bool:
    """Whether bare digits are a number with a sign: nothing shows that they are dialled."""
    before = match.string[: match.start()][-1:]
    return match[0][1:].isdigit() and before not in ("'", '"', ":")


def _passes_luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number) if digit.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0 and any(digits)


def _is_public(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return found.is_global and address not in _WELL_KNOWN and max(found.packed) > _LARGEST_VERSION
