"""The files of a table: one file, a directory of them, or either in S3.

A directory is read as Hugging Face lays it out: every file with the right suffix below it, such
as `data/train-00000-of-00005.parquet`, in the order of the paths.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from codeio_ops.config import Settings
from codeio_ops.errors import SourceDamaged, SourceNotFound, SourceUnavailable
from codeio_ops.jsonl import UNREADABLE

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

S3_SCHEME = "s3://"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardFile:
    """One file of a table.

    Attributes:
        path: Where it lies in its file system.
        name: Its path below the locator.
        state: Size and modification time: while they stay, so does the content.
    """

    path: str
    name: str
    state: str


class Shards:
    """The files at a path or `s3://bucket/key`, with one of `suffixes`."""

    def __init__(
        self, locator: str | Path, suffixes: tuple[str, ...], settings: Settings | None
    ) -> None:
        self._locator = str(locator)
        self._suffixes = suffixes
        self._settings = settings

    def cursor(self) -> str:
        """Return the state of the file, or of each file as JSON."""
        files = self.files()
        if len(files) == 1 and not files[0].name:
            return files[0].state
        return json.dumps({file.name: file.state for file in files}, sort_keys=True)

    def new_files(self, since: str) -> list[ShardFile]:
        """Return the files whose state is not that of an earlier cursor."""
        known = json.loads(since) if since.startswith("{") else {}
        return [file for file in self.files() if known.get(file.name) != file.state]

    def unchanged_files(self, since: str) -> list[ShardFile]:
        """Return the files whose state is that of an earlier cursor."""
        new = self.new_files(since)
        return [file for file in self.files() if file not in new]

    def files(self) -> list[ShardFile]:
        """Return the files in the order of their names.

        Raises:
            SourceNotFound: there is nothing at this place.
            SourceUnavailable: the place cannot be reached.
        """
        from pyarrow.fs import FileSelector, FileType

        with self._errors():
            (info,) = self.filesystem.get_file_info([self._path])
            if info.type == FileType.File:
                return [_shard(info, name="")]
            if info.type != FileType.Directory:
                raise SourceNotFound(
                    f"{self._locator} cannot be read: No such file or directory",
                    cure="check the path of the source",
                )
            found = self.filesystem.get_file_info(FileSelector(self._path, recursive=True))
        names = {item.path: item.path[len(self._path) :].strip("/") for item in found}
        return [
            _shard(item, name=names[item.path])
            for item in sorted(found, key=lambda item: str(item.path))
            if item.type == FileType.File and item.path.endswith(self._suffixes)
        ]

    @contextmanager
    def open(self, file: ShardFile) -> Iterator[BinaryIO]:
        """Open a file for reading at any place."""
        with self._errors(), self.filesystem.open_input_file(file.path) as opened:
            yield cast("BinaryIO", opened)

    @cached_property
    def filesystem(self) -> "FileSystem":
        """The local file system, or S3 with the platform's credentials."""
        from pyarrow.fs import LocalFileSystem, S3FileSystem

        if not self._locator.startswith(S3_SCHEME):
            return LocalFileSystem()
        settings = self._settings or Settings.load()
        scheme, _, address = settings.s3_endpoint_url.rpartition("://")
        return S3FileSystem(
            access_key=settings.s3_access_key.get_secret_value() or None,
            secret_key=settings.s3_secret_key.get_secret_value() or None,
            region=settings.s3_region,
            endpoint_override=address or None,
            scheme=scheme or "https",
        )

    @property
    def _path(self) -> str:
        return self._locator.removeprefix(S3_SCHEME).rstrip("/")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Raise our errors for those of the file system and of damaged files."""
        from pyarrow import ArrowInvalid, ArrowMemoryError

        try:
            yield
        except UNREADABLE as exc:
            raise SourceUnavailable(f"{self._locator} cannot be read: {exc}") from exc
        except ArrowInvalid as exc:
            raise SourceDamaged(f"{self._locator} is no valid Parquet file: {exc}") from exc
        except ArrowMemoryError as exc:
            raise SourceDamaged(
                f"{self._locator} needs more memory than there is: {exc}",
                cure="pause the source, or write it with smaller pages",
            ) from exc


def _shard(info: object, *, name: str) -> ShardFile:
    path, size, time = (getattr(info, field) for field in ("path", "size", "mtime_ns"))
    return ShardFile(path=path, name=name, state=f"{size}:{time}")
