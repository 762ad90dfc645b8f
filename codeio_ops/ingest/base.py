"""What a reader gives and how the ingest stage asks for it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from codeio_ops.errors import SettingsError
from codeio_ops.fingerprint import sha256_hex

NO_LICENCE = "NOASSERTION"
# In characters: an entry of an index in Postgres holds 2,704 bytes.
MAX_NAME_CHARS = 500
MAX_PATH_CHARS = 2000

SUFFIX_LANGUAGES = {".py": "python"}


# Who is named in a URL, but for a user of ssh; and parameters that sign or authorise.
_CREDENTIAL = re.compile(
    r"(?<!ssh)://[^/?#]*@|://[^/?#]*:[^/?#]*@"
    r"|://.*[?&;](?:[\w-]*(?:token|secret|passw\w*|api[_-]?key|signature|credential)|sig|key)=",
    re.IGNORECASE,
)
_USER = re.compile(r"(?<=://)[^/?#\s]*@")


def refuse_credential(locator: str, what: str) -> None:
    """Refuse what must not be stored, logged, shown and released.

    Raises:
        SettingsError: the locator holds a credential, which the error does not repeat.
    """
    if _CREDENTIAL.search(locator):
        raise SettingsError(
            f"the locator of this {what} holds a user, a password or a token",
            cure="leave it out: git asks its credential helper, ssh its agent, and S3 takes "
            "CODEIO_S3_ACCESS_KEY; or clone it yourself and name the path",
        )


def without_user(url: str) -> str:
    """Return a name from outside without whom it names in a URL."""
    return _USER.sub("", url)


def bounded(text: str, most: int) -> str:
    """Return a name from outside that an index takes: a longer one is cut, and stays distinct."""
    digest = sha256_hex(text.encode())[:16]
    return text if len(text) <= most else f"{text[: most - len(digest) - 1]}~{digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file as its source gives it.

    Attributes:
        path: Path inside the source, with `/`.
        version: Version of the source, such as that of a package; may be empty.
        licence: SPDX id, or `NOASSERTION`.
        language: Programming language; empty when this is no source file at all.
        size_bytes: Length of the file.
        content: Its bytes, or None when it is longer than the reader was told to read.
        repository: Repository or package it belongs to, where the source names one.
        part: File of a table that it is a row of; empty for other sources.
        is_past: Whether the source shows another version by now, or none, as a former commit.
    """

    path: str
    version: str
    licence: str
    language: str
    size_bytes: int
    content: bytes | None
    repository: str = ""
    part: str = ""
    is_past: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """What a source still shows as it was.

    Attributes:
        path: Path inside the source; None for all of a part.
        part: File of a table; empty for other sources.
    """

    path: str | None = None
    part: str = ""


class Reader(Protocol):
    """Reads one source."""

    def cursor(self) -> str:
        """Return the state of the source: while it is unchanged, so are the files.

        An empty cursor means "unknown": the files are read every time.

        Raises:
            SourceNotFound: the source does not exist.
            SourceUnavailable: the source cannot be reached.
        """

    def files(self, *, max_bytes: int, since: str = "") -> Iterator[SourceFile]:
        """Yield the files in a fixed order; of those over `max_bytes` only the size.

        What the source shows now and `unchanged` does not name is among them: what neither
        names is gone. A listing that cannot be had in full raises.

        Args:
            max_bytes: Longest content to read.
            since: Cursor of an earlier read: what was there then may be left out.

        Raises:
            SourceNotFound: the source does not exist.
            SourceUnavailable: the source cannot be reached.
            SourceDamaged: the source is corrupt.
        """

    def unchanged(self, *, since: str) -> Iterable[Unchanged]:
        """Return what `files` leaves out with the same cursor because it is as it was."""
