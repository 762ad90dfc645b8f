"""Reads the source files below a prefix of an S3 bucket."""

import hashlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePosixPath

from codeio_ops.config import Settings
from codeio_ops.errors import SourceNotFound
from codeio_ops.ingest.base import SUFFIX_LANGUAGES, SourceFile, Unchanged
from codeio_ops.ingest.licence import MAX_LICENCE_BYTES, code_licence
from codeio_ops.ingest.shards import S3_SCHEME
from codeio_ops.storage.objects import ObjectInfo, ObjectStore


class S3Reader:
    """All objects of `s3://bucket/prefix`, with the platform's credentials."""

    def __init__(self, locator: str, *, licence: str, settings: Settings | None) -> None:
        bucket, _, self._prefix = locator.removeprefix(S3_SCHEME).partition("/")
        self._objects = ObjectStore.open(settings or Settings.load(), bucket=bucket)
        self._locator, self._licence = locator, licence

    def cursor(self) -> str:
        """Return when the newest object was written, and a digest over keys and ETags."""
        newest = max(item.modified for item in self._listing)
        digest = hashlib.sha256()
        for item in self._listing:
            digest.update(f"{item.key}\0{item.etag}\n".encode())
        return f"{newest} {digest.hexdigest()}"

    def files(self, *, max_bytes: int, since: str = "") -> Iterator[SourceFile]:
        """Yield the objects in the order of their keys; their version is the ETag.

        With `since`, only those written then or later: clocks of S3 count seconds, so those
        of the same second come again.
        """
        licence = self._licence or self._prefix_licence()
        for item in self._listing:
            language = SUFFIX_LANGUAGES.get(PurePosixPath(item.key).suffix)
            if language is None or _is_older(item, since):
                continue
            yield SourceFile(
                path=self._name(item),
                version=item.etag,
                licence=licence,
                language=language,
                size_bytes=item.size_bytes,
                content=self._objects.get(item.key) if item.size_bytes <= max_bytes else None,
            )

    def unchanged(self, *, since: str) -> Iterator[Unchanged]:
        """Yield the objects that were written before."""
        return (Unchanged(path=self._name(i)) for i in self._listing if _is_older(i, since))

    @cached_property
    def _listing(self) -> list[ObjectInfo]:
        found = list(self._objects.listing(self._prefix))
        if not found:
            raise SourceNotFound(f"{self._locator} holds no object", cure="check the prefix")
        return found

    def _name(self, item: ObjectInfo) -> str:
        return item.key[len(self._prefix) :].strip("/") or item.key

    def _prefix_licence(self) -> str:
        items = {self._name(item): item for item in self._listing}
        return code_licence(items, lambda name: self._licence_text(items[name]))

    def _licence_text(self, item: ObjectInfo) -> bytes:
        return self._objects.get(item.key) if item.size_bytes <= MAX_LICENCE_BYTES else b""


def _is_older(item: ObjectInfo, since: str) -> bool:
    """Whether an object was written before the second of an earlier cursor."""
    return bool(since) and item.modified < since.partition(" ")[0]
