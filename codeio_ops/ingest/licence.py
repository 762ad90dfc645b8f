"""Finds the SPDX id of a licence: in a file's own header, or in the text of a licence file."""

import re
from functools import lru_cache

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from codeio_ops.ingest.base import NO_LICENCE

MAX_LICENCE_BYTES = 100_000
_HEADER_BYTES = 4096
_HEADER = re.compile(rb"SPDX-License-Identifier:[ \t]*([A-Za-z0-9 .+()-]+)")
_FILE_NAME = re.compile(r"(un)?licen[cs]e|copying", re.IGNORECASE)
# Share of the text that a licence must explain; the rest may be copyright lines.
_MATCHED = 0.9


def spdx_id(expression: str) -> str:
    """Return a licence expression in its canonical form, or an empty string when it is none."""
    try:
        return str(canonicalize_license_expression(expression.strip()))
    except InvalidLicenseExpression:
        return ""


def header_licence(content: bytes) -> str:
    """Return what the SPDX header of a source file states; empty when it has none."""
    found = _HEADER.search(content[:_HEADER_BYTES])
    return spdx_id(found[1].decode()) if found else ""


def is_licence_file(name: str) -> bool:
    """Whether a file of this name, such as `LICENSE.txt`, is the licence of its directory."""
    stem, _, suffix = name.partition(".")
    return bool(_FILE_NAME.fullmatch(stem)) and suffix.lower() in ("", "txt", "md", "rst")


@lru_cache(maxsize=1024)
def licence_of_text(content: bytes) -> str:
    """Return the one licence whose text this is, or `NOASSERTION`."""
    import spdx_matcher

    text = content.decode(errors="replace")
    found, share = spdx_matcher.analyse_license_text(text)
    names = list(found["licenses"])
    return spdx_id(names[0]) or NO_LICENCE if len(names) == 1 and share >= _MATCHED else NO_LICENCE
