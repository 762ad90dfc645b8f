"""What a reader gives and how the ingest stage asks for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

NO_LICENCE = "NOASSERTION"

SUFFIX_LANGUAGES = {".py": "python"}


def storable(text: str) -> str:
    """Return text from outside in a form that Postgres takes: no lone surrogate, no NUL."""
    return text.encode(errors="backslashreplace").decode().replace("\x00", "\ufffd")


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
    """

    path: str
    version: str
    licence: str
    language: str
    size_bytes: int
    content: bytes | None


class Reader(Protocol):
    """Reads one source."""

    def cursor(self) -> str:
        """Return the state of the source: while it is unchanged, so are the files.

        An empty cursor means "unknown": the files are read every time.

        Raises:
            SourceNotFound: the source does not exist.
            SourceUnavailable: the source cannot be reached.
        """

    def files(self, *, max_bytes: int) -> Iterator[SourceFile]:
        """Yield the files in a fixed order; of those over `max_bytes` only the size.

        Raises:
            SourceNotFound: the source does not exist.
            SourceUnavailable: the source cannot be reached.
        """
