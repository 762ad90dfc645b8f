"""Reads the source files of a git repository, by libgit2: no hook and no filter is ever run."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from codeio_ops.config import Settings
from codeio_ops.errors import SourceDamaged, SourceNotFound, SourceUnavailable
from codeio_ops.fingerprint import sha256_hex
from codeio_ops.ingest.base import SUFFIX_LANGUAGES, SourceFile, Unchanged
from codeio_ops.ingest.licence import MAX_LICENCE_BYTES, code_licence
from codeio_ops.jsonvalue import storable

if TYPE_CHECKING:
    from pygit2 import Commit, Oid, RemoteCallbacks, Repository, Tree
    from pygit2.remotes import TransferProgress

# A fetch of more is a bomb, or no source code.
MAX_FETCH_BYTES = 4 << 30
# Trees share their parts, so few objects can show paths without number.
MAX_PATHS = 500_000
MAX_DEPTH = 200
_HEAD = "refs/codeio/head"


class GitReader:
    """A repository at a path or URL; of a URL a bare clone is kept below the home directory.

    Args:
        locator: Path, or URL.
        licence: SPDX id that overrides the licence file of the repository.
        history: `head` reads the files as they are, `all` every version of them.
        settings: Settings of the platform.
    """

    def __init__(
        self,
        locator: str,
        *,
        licence: str,
        history: str = "head",
        settings: Settings | None = None,
    ) -> None:
        self._locator, self._licence, self._history = locator, licence, history
        self._settings = settings
        self._paths_below: dict[Oid, int] = {}

    def cursor(self) -> str:
        """Return the commit that HEAD names."""
        return str(self._head.id)

    def files(self, *, max_bytes: int, since: str = "") -> Iterator[SourceFile]:
        """Yield the files by path; their version is the commit they were read from.

        With `since`, a commit, only files that differ from it. When that commit is gone, as
        after a forced push, or the licence of the repository changed, everything is read again.
        """
        with self._errors():
            earlier = self._commit(since)
            same = self._same(earlier)
            left = {path: blob for path, blob in self._shown.items() if path not in same}
            if self._history == "all":
                for commit in self._commits(earlier):
                    for file in self._files(commit, self._brought(commit), max_bytes):
                        if not file.is_past:
                            left.pop(file.path, None)
                        yield file
            yield from self._files(self._head, left, max_bytes)

    def unchanged(self, *, since: str) -> list[Unchanged]:
        """Return the files of HEAD that the earlier commit has too."""
        with self._errors():
            return [Unchanged(path=storable(path)) for path in self._same(self._commit(since))]

    def _same(self, earlier: "Commit | None") -> set[str]:
        """Return the paths at which HEAD shows what `earlier` does, under the same licence."""
        if earlier is None or self._licence_of(earlier) != self._licence_of(self._head):
            return set()
        return self._shown.keys() - self._blobs(self._head.tree, beyond=earlier.tree).keys()

    def _commits(self, earlier: "Commit | None") -> "Iterator[Commit]":
        """Yield the commits up to HEAD, without those up to `earlier`, parents first."""
        from pygit2.enums import SortMode

        walker = self._repository.walk(
            self._head.id, SortMode.TOPOLOGICAL | SortMode.REVERSE | SortMode.TIME
        )
        if earlier is not None:
            walker.hide(earlier.id)
        yield from walker

    def _brought(self, commit: "Commit") -> "dict[str, Oid]":
        parents = commit.parents
        return self._blobs(commit.tree, beyond=parents[0].tree if parents else None)

    @cached_property
    def _shown(self) -> "dict[str, Oid]":
        return self._blobs(self._head.tree)

    def _blobs(self, tree: "Tree", *, beyond: "Tree | None" = None) -> "dict[str, Oid]":
        """Return the source files of `tree` that `beyond` has not, by path."""
        from pygit2.enums import FileMode

        if self._count_paths(tree) > MAX_PATHS:
            raise _bomb(self._locator)
        diff = tree.diff_to_tree(swap=True) if beyond is None else beyond.diff_to_tree(tree)
        files = {delta.new_file.path: delta.new_file for delta in diff.deltas}
        return {
            path: file.id
            for path, file in sorted(files.items())
            if PurePosixPath(path).suffix in SUFFIX_LANGUAGES
            and file.mode in (FileMode.BLOB, FileMode.BLOB_EXECUTABLE)
            and file.id.raw.strip(b"\0")
        }

    def _count_paths(self, tree: "Tree", *, depth: int = 0) -> int:
        """Return how many files a tree shows; each of its parts is counted once."""
        from pygit2 import Tree

        if depth > MAX_DEPTH:
            raise _bomb(self._locator)
        if tree.id not in self._paths_below:
            self._paths_below[tree.id] = sum(
                self._count_paths(entry, depth=depth + 1) if isinstance(entry, Tree) else 1
                for entry in tree
            )
        return self._paths_below[tree.id]

    def _files(
        self, commit: "Commit", blobs: "dict[str, Oid]", max_bytes: int
    ) -> Iterator[SourceFile]:
        """Yield these files of a commit; those that HEAD shows otherwise are past."""
        licence = self._licence_of(commit)
        relicensed = licence != self._licence_of(self._head)
        for path, blob_id in blobs.items():
            _, size = self._repository.odb.read_header(blob_id)
            yield SourceFile(
                path=storable(path),
                version=str(commit.id),
                licence=licence,
                language=SUFFIX_LANGUAGES[PurePosixPath(path).suffix],
                size_bytes=size,
                content=self._repository[blob_id].read_raw() if size <= max_bytes else None,
                repository=self._locator,
                is_past=relicensed or self._shown.get(path) != blob_id,
            )

    def _licence_of(self, commit: "Commit") -> str:
        return self._licence or self._tree_licence(commit.tree)

    def _tree_licence(self, tree: "Tree") -> str:
        from pygit2 import Tree

        blobs = {entry.name or "": entry.id for entry in tree if entry.type_str == "blob"}
        texts = next((entry for entry in tree if entry.name == "LICENSES"), None)
        if isinstance(texts, Tree):
            blobs |= {f"LICENSES/{entry.name}": entry.id for entry in texts}
        return code_licence(blobs, lambda name: self._licence_text(blobs[name]))

    def _licence_text(self, blob_id: "Oid") -> bytes:
        _, size = self._repository.odb.read_header(blob_id)
        return self._repository[blob_id].read_raw() if size <= MAX_LICENCE_BYTES else b""

    def _commit(self, commit_id: str) -> "Commit | None":
        from pygit2 import Commit

        found = self._repository.get(commit_id) if commit_id else None
        return found if isinstance(found, Commit) else None

    @cached_property
    def _head(self) -> "Commit":
        from pygit2.enums import ObjectType

        with self._errors():
            if self._repository.head_is_unborn:
                raise SourceNotFound(f"{self._locator} has no commit")
            return self._repository.head.peel(ObjectType.COMMIT)

    @cached_property
    def _repository(self) -> "Repository":
        import pygit2

        # Objects are only read: no setting of the repository is acted upon.
        pygit2.settings.owner_validation = False
        if "://" in self._locator:
            return self._mirror()
        try:
            return pygit2.Repository(self._locator, pygit2.enums.RepositoryOpenFlag.NO_SEARCH)
        except pygit2.GitError as exc:
            raise SourceNotFound(
                f"{self._locator} is not a git repository: {exc}",
                cure="check the path of the source",
            ) from exc

    def _mirror(self) -> "Repository":
        """Return a bare copy whose HEAD is the commit that HEAD names at the remote, now."""
        import pygit2

        home = (self._settings or Settings.load()).home
        path: Path = home / "git" / sha256_hex(self._locator.encode())[:32]
        try:
            repository = pygit2.Repository(str(path)) if path.exists() else self._copy(path)
            remote = repository.remotes["origin"]
            head = next((ref for ref in remote.list_heads() if ref.name == "HEAD"), None)
            if head is None:
                raise SourceNotFound(f"{self._locator} has no commit that its HEAD names")
            remote.fetch([f"+HEAD:{_HEAD}"], callbacks=_bounded(self._locator))
            repository.set_head(repository.references[_HEAD].target)
        except pygit2.GitError as exc:
            raise SourceUnavailable(f"{self._locator} cannot be fetched: {exc}") from exc
        return repository

    def _copy(self, path: Path) -> "Repository":
        import pygit2

        draft = path.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        repository = pygit2.init_repository(str(draft), bare=True)
        repository.remotes.create("origin", self._locator)
        draft.rename(path)
        return pygit2.Repository(str(path))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Say of a missing or corrupt object that the repository is damaged."""
        import pygit2

        try:
            yield
        except (pygit2.GitError, KeyError, ValueError) as exc:
            raise SourceDamaged(
                f"the git repository {self._locator} is corrupt: {exc}",
                cure="run `git fsck` in it, and clone it again",
            ) from exc


def _bomb(locator: str) -> SourceDamaged:
    return SourceDamaged(
        f"{locator} shows more than {MAX_PATHS} files, or some {MAX_DEPTH} directories deep",
        cure="pause the source: this is no source code",
    )


def _bounded(locator: str) -> "RemoteCallbacks":
    """Return callbacks that end a fetch of more than `MAX_FETCH_BYTES`."""
    from pygit2 import RemoteCallbacks

    class Bounded(RemoteCallbacks):
        def transfer_progress(self, stats: "TransferProgress") -> None:
            if stats.received_bytes > MAX_FETCH_BYTES:
                raise SourceDamaged(
                    f"{locator} sends more than {MAX_FETCH_BYTES} bytes",
                    cure="pause the source, or clone it yourself and name the path",
                )

    return Bounded()
