"""What is searched for near-duplicates: raw files with their text in S3, or programs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol
from uuid import UUID

from codeio_ops.storage.blobs import BlobLocation, BlobStore
from codeio_ops.storage.engine import Store

# What is compared first: what survived before and came back, as it may have been paid for; then
# what is new; then what was dropped for a survivor that is gone.
TURNS = (0, 1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A text to compare."""

    subject_id: UUID
    language: str
    content: bytes


class Corpus(Protocol):
    """Subjects of one kind.

    Attributes:
        subject_kind: `raw_file` or `program`, as in `codeio.dedup_result`.
    """

    subject_kind: ClassVar[str]

    def pending(self, most: int, *, turn: int) -> Iterator[Code]:
        """Yield up to `most` subjects not yet compared: those of the smallest ids, in any order.

        Args:
            most: How many.
            turn: Which of `TURNS` is due.
        """

    def read(self, subject_ids: Sequence[UUID]) -> Iterator[Code]:
        """Yield these subjects, in any order."""

    def predecessors(self, subject_ids: Sequence[UUID]) -> Mapping[UUID, frozenset[UUID]]:
        """Return the subjects that some of these take the place of: they match no duplicate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredFile(BlobLocation):
    subject_id: UUID
    language: str


class RawFiles:
    """Raw files; the texts are read from their packs one after the other."""

    subject_kind: ClassVar[str] = "raw_file"

    def __init__(self, store: Store, blobs: BlobStore) -> None:
        self._store, self._blobs = store, blobs

    def pending(self, most: int, *, turn: int) -> Iterator[Code]:
        """Yield present files without a row in `dedup_result`."""
        return self._load(self._store.fetch("dedup.pending", _StoredFile, most=most, turn=turn))

    def read(self, subject_ids: Sequence[UUID]) -> Iterator[Code]:
        """Yield these files."""
        return self._load(
            self._store.fetch("dedup.files", _StoredFile, subject_ids=list(subject_ids))
        )

    def predecessors(self, subject_ids: Sequence[UUID]) -> Mapping[UUID, frozenset[UUID]]:
        """Return nothing: another content is another file."""
        return {}

    def _load(self, files: Sequence[_StoredFile]) -> Iterator[Code]:
        by_sha256 = {file.sha256: file for file in files}
        for sha256, content in self._blobs.read(files):
            file = by_sha256[sha256]
            yield Code(subject_id=file.subject_id, language=file.language, content=content)


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredProgram:
    subject_id: UUID
    language: str
    main_function: str


class Programs:
    """Programs of files in force; what is compared is the main function."""

    subject_kind: ClassVar[str] = "program"

    def __init__(self, store: Store) -> None:
        self._store = store

    def pending(self, most: int, *, turn: int) -> Iterator[Code]:
        """Yield programs in force without a row in `dedup_result`."""
        return _codes(
            self._store.fetch("dedup.pending_programs", _StoredProgram, most=most, turn=turn)
        )

    def read(self, subject_ids: Sequence[UUID]) -> Iterator[Code]:
        """Yield these programs."""
        return _codes(
            self._store.fetch("dedup.programs", _StoredProgram, subject_ids=list(subject_ids))
        )

    def predecessors(self, subject_ids: Sequence[UUID]) -> Mapping[UUID, frozenset[UUID]]:
        """Return the other programs of the same file, where it was transformed again."""
        with self._store.transaction() as transaction:
            pairs = transaction.pairs("dedup.predecessors", subject_ids=list(subject_ids))
            return {subject: frozenset(others) for subject, others in pairs}


def _codes(programs: Sequence[_StoredProgram]) -> Iterator[Code]:
    for item in programs:
        content = item.main_function.encode()
        yield Code(subject_id=item.subject_id, language=item.language, content=content)
