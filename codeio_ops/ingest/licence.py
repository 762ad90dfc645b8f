"""Finds the licence of code: in a file's own head, or in the licence files of its repository.

Every licence has one form, so that ingest and the gate of a release say the same of a file.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from codeio_ops.errors import SettingsError
from codeio_ops.ingest.base import NO_LICENCE

if TYPE_CHECKING:
    from license_expression import Licensing

MAX_LICENCE_BYTES = 100_000
# One of several licences that nobody knows; alone it is `NOASSERTION`.
_UNKNOWN = "LicenseRef-unknown"
_MAX_EXPRESSION_CHARS = 500
_HEAD_CHARS = 6_000
# A value may stand in quotes; what closes them, or the comment, ends it.
_TAG = re.compile(
    r"^(.*?)SPDX-Licen[cs]e-Identifier[ \t]*:[ \t]*[\"'`<\u201c]*([^\r\n'\"#*\\`>\u201d]*)",
    re.MULTILINE | re.IGNORECASE,
)
_CLOSERS = " \t.,;:-"
# What stands before a tag opens a comment or a docstring: one inside other strings states nothing.
_COMMENT = re.compile(r"[\s#*/;!<'\"-]*\Z|.*(?:#|//|/\*)", re.DOTALL)
_FILLERS = re.compile(r"\b(?:the|licen[cs]e|version)\b|[^a-z0-9]|v(?=\d)")
# How alike two names are of which one is a slip of the other.
_ALIKE = 0.8
_ID = re.compile(r"[A-Za-z0-9.+-]+")
_GNU = re.compile(
    r"GNU\s+(?P<kind>Affero\s+|Lesser\s+|Library\s+)?General\s+Public\s+Licen[cs]e", re.IGNORECASE
)
_GNU_KINDS = {"affero": "AGPL", "lesser": "LGPL", "library": "LGPL"}
_VERSION = re.compile(r"version\s+(\d)(?:\.(\d))?", re.IGNORECASE)
_LINE_START = re.compile(r"\s*\n\s*(?:#|//|\*)*\s*")

# `LICENCE.md`, `COPYING.LESSER`, `LICENSE-CODE`, `LICENSE-Apache-2.0.txt`, `MIT-LICENSE`.
_FILE_NAME = re.compile(
    r"(?i:(?:(?:mit|bsd|isc|apache|a?gpl|lgpl|mpl)-)?(?:(?:un)?licen[cs]e|copying))[23]?"
    r"(?:[-_](?P<of>[A-Za-z0-9+-]+(?:\.\d+)*)|\.[A-Z0-9.+-]+)?(?i:\.(?:txt|md|rst))?"
)
_OF_CODE = {"code", "source", "software"}
_OF_OTHERS = {
    "art", "assets", "content", "data", "dataset", "doc", "docs", "documentation", "fonts",
    "images", "media", "model", "models", "text", "thirdparty",
    "3rdparty", "third-party", "weights",
}  # fmt: skip
_REUSE = "LICENSES"
# Share of the text that a licence must explain; the rest may be copyright lines.
_MATCHED = 0.9


@lru_cache(maxsize=4096)
def spdx_id(expression: str) -> str:
    """Return a licence expression in its canonical form, or an empty string when it is none."""
    if len(expression) > _MAX_EXPRESSION_CHARS:
        return ""
    try:
        valid = canonicalize_license_expression(expression.strip())
    except InvalidLicenseExpression:
        return ""
    return str(_licensing().parse(valid))


def stated_licence(text: str) -> str:
    """Return the licence that a person states, in its canonical form; empty stays empty.

    Raises:
        SettingsError: it is no SPDX expression.
    """
    if not text or text == NO_LICENCE:
        return text
    if canonical := spdx_id(text):
        return canonical
    near = " or ".join(_nearest(text))
    raise SettingsError(
        f"{text!r} is no SPDX licence" + (f": did you mean {near}?" if near else ""),
        cure="write an id or expression of https://spdx.org/licenses, such as MIT or "
        "'MIT OR Apache-2.0'",
    )


def _nearest(text: str) -> list[str]:
    """Return the ids that look most like a text, the nearest first."""
    known = _bare_names()
    bare = _bare(text)
    begun = [name for name in sorted(known, reverse=True) if bare and name.startswith(bare)]
    near = get_close_matches(bare, known, n=2, cutoff=_ALIKE) or begun[:2]
    return [known[name] for name in near or get_close_matches(bare, known, n=2)]


@cache
def _bare_names() -> dict[str, str]:
    """Return the ids by their bare names."""
    return {
        _bare(name): name for name in sorted(_licensing().known_symbols) if "LicenseRef" not in name
    }


def _bare(name: str) -> str:
    """Return a licence's name without what people write in many ways."""
    return _FILLERS.sub("", name.lower())


@lru_cache(maxsize=4096)
def is_allowed(expression: str, allowed: frozenset[str]) -> bool:
    """Say whether an SPDX expression can be met: one side of each OR, both of each AND."""
    if expression == NO_LICENCE:
        return NO_LICENCE in allowed
    if not (canonical := spdx_id(expression)):
        return False
    licensing, named = _licensing(), {(spdx_id(name) or name).lower() for name in allowed}

    def met(node: object) -> bool:
        if isinstance(node, licensing.OR):
            return any(map(met, node.args))
        if isinstance(node, licensing.AND):
            return all(map(met, node.args))
        # An exception only adds rights, and who may choose a later version may choose this one.
        whole = str(node).replace(_UNKNOWN, NO_LICENCE).lower()
        licence = whole.partition(" with ")[0]
        this = licence.removesuffix("+").removesuffix("-or-later")
        return not named.isdisjoint({whole, licence, this, f"{this}-only"})

    return canonical.lower() in named or met(licensing.parse(canonical))


def header_licence(content: bytes) -> str:
    """Return what the head of a source file states; empty when it states nothing."""
    head = content[: 4 * _HEAD_CHARS].decode(errors="replace")
    # Where the GNU family is named without a version, no licence has that id.
    stated = [spdx_id(name) or _unlisted(name) for name in stated_licences(head)]
    return _all_of(stated) if stated else ""


def stated_licences(text: str) -> Iterator[str]:
    """Yield the licences that the head of a file states: SPDX tags, and the GNU family's names.

    A tag that names a licence which nobody knows gives `NOASSERTION`.
    """
    head = text[:_HEAD_CHARS]
    for match in _TAG.finditer(head):
        value = match[2].rstrip(_CLOSERS)
        if _COMMENT.match(match[1]) and (stated := spdx_id(value) or _unread(value)):
            yield stated
    prose = _LINE_START.sub(" ", head)
    for match in _GNU.finditer(prose):
        kind = _GNU_KINDS.get((match["kind"] or "").strip().lower(), "GPL")
        version = _VERSION.search(prose, match.end(), match.end() + 120)
        yield f"{kind}-{version[1]}.{version[2] or 0}" if version else kind


def code_licence(names: Iterable[str], read: Callable[[str], bytes]) -> str:
    """Return the licence of the code of a repository, or `NOASSERTION`.

    Files for the code alone, such as `LICENSE-CODE`, come before the others; of several all
    must be met. The directory `LICENSES/` of REUSE counts where no licence stands beside it.

    Args:
        names: Paths below the root.
        read: Returns a file by its path; of one over `MAX_LICENCE_BYTES` nothing.
    """
    found = sorted(name for name in names if _is_of_reuse(name) or is_licence_file(name))
    root = [name for name in found if "/" not in name]
    of_code = [name for name in root if _subject(name) in _OF_CODE]
    if of_code or root:
        return _all_of([licence_of_text(read(name)) for name in of_code or root])
    return _all_of([spdx_id(PurePosixPath(name).stem) or NO_LICENCE for name in found])


def _is_of_reuse(name: str) -> bool:
    """Whether a file is a licence of REUSE; an exception, which only adds rights, is none."""
    stem = PurePosixPath(name).stem
    known = _licensing().known_symbols.get(stem)
    exception = bool(known and known.is_exception and not spdx_id(stem))
    return name.startswith(f"{_REUSE}/") and not exception


def is_licence_file(name: str) -> bool:
    """Whether a file of this name, such as `LICENSE.txt`, is the licence of its directory."""
    return bool(_FILE_NAME.fullmatch(name)) and _subject(name) not in _OF_OTHERS


@lru_cache(maxsize=1024)
def licence_of_text(content: bytes) -> str:
    """Return the one licence whose text this is, or `NOASSERTION`."""
    import spdx_matcher

    text = content.decode(errors="replace")
    found, share = spdx_matcher.analyse_license_text(text)
    names = list(found["licenses"])
    return spdx_id(names[0]) or NO_LICENCE if len(names) == 1 and share >= _MATCHED else NO_LICENCE


def licence_of_column(value: object) -> str:
    """Return the licence that a column of a table states; empty when it states none.

    Of a list all licences must be met; what cannot be read is `NOASSERTION`.
    """
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = _written_list(value)
    stated = value if isinstance(value, list | tuple) else [value]
    names = [
        name.decode(errors="replace") if isinstance(name, bytes) else str(name)
        for name in stated
        if name
    ]
    return _all_of([spdx_id(name) or NO_LICENCE for name in names]) if names else ""


def _written_list(text: str) -> object:
    """Return the list that a column holds as JSON, or as Python prints it."""
    try:
        return json.loads(text.replace("'", '"'))
    except ValueError:
        return text


def _all_of(licences: list[str]) -> str:
    """Return the one expression that says that each of these applies."""
    distinct = sorted(set(licences))
    if len(distinct) < 2:
        return distinct[0] if distinct else NO_LICENCE
    named = [_UNKNOWN if licence == NO_LICENCE else f"({licence})" for licence in distinct]
    return spdx_id(" AND ".join(named)) or NO_LICENCE


def _unlisted(name: str) -> str:
    return name if name == NO_LICENCE else f"LicenseRef-{name}"


def _unread(value: str) -> str:
    """Return `NOASSERTION` for a tag that means to name a licence, and is no placeholder."""
    words = [] if value.startswith(("{", "%", "$")) else _ID.findall(value)
    return NO_LICENCE if len(words) == 1 or any(map(_is_near_licence, words)) else ""


def _is_near_licence(word: str) -> bool:
    """Whether a word is a licence, or the family of some, such as `GPL`."""
    bare = _bare(word)
    return bool(spdx_id(word)) or (len(bare) > 2 and any(n.startswith(bare) for n in _bare_names()))


def _subject(name: str) -> str:
    found = _FILE_NAME.fullmatch(name)
    return (found["of"] or "").lower() if found else ""


@cache
def _licensing() -> "Licensing":
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()
