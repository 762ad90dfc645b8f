"""Publishes a release that passed its gates: all files, the manifest last, never replaced."""

import logging
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from codeio_ops import __version__
from codeio_ops.errors import (
    GateFailed,
    ReleaseCorrupt,
    ReleaseExists,
    ReleaseMissing,
)
from codeio_ops.release.assemble import Release
from codeio_ops.release.contents import release_files
from codeio_ops.release.manifest import MANIFEST_NAME, FileEntry, Manifest
from codeio_ops.release.recipe import Recipe
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore

log = logging.getLogger(__name__)


def prefix_of(name: str, version: int) -> str:
    """Return the prefix of a release in the bucket."""
    return f"releases/{name}/{version}/"


def publish(release: Release, *, store: Store, objects: ObjectStore) -> str:
    """Write the files of a release and its manifest, and return its URI.

    Running it again finishes what a killed run began. Until the manifest is written there is
    no release, so leftovers that differ, as those of an older version of this code do, are
    replaced; from then on nothing is.

    Raises:
        GateFailed: the release is rejected.
        ReleaseExists: its place holds another release.
        BlobStoreRefused: the store replaces objects that must not be replaced.
    """
    if release.status == "published":
        return release.uri
    if release.status == "rejected":
        raise GateFailed(f"{release.name} v{release.version} was rejected by its gates")
    prefix = prefix_of(release.name, release.version)
    uri = f"s3://{objects.bucket}/{prefix}"
    with store.transaction() as transaction:
        # Held to the end: two publishers must not replace each other's leftovers.
        transaction.value("release.lock_name", name=release.name)
        if prefix + MANIFEST_NAME in objects.keys(prefix):
            _require_same(release, objects)
        else:
            objects.require_conditional_writes()
            manifest = _write_files(release, prefix, store, objects)
            objects.put_new(prefix + MANIFEST_NAME, manifest.model_dump_json(indent=2).encode())
        transaction.execute("release.set_published", release_id=release.release_id, uri=uri)
    log.info("published %s: %d samples", uri, release.samples, extra={"action": "publish"})
    return uri


def _require_same(release: Release, objects: ObjectStore) -> None:
    manifest = read_manifest(release.name, release.version, objects=objects)
    if manifest.content_sha256 != release.content_sha256:
        raise ReleaseExists(
            f"{prefix_of(release.name, release.version)} holds a release of other content",
            cure="releases are immutable: publish under another name",
        )


def _write_files(release: Release, prefix: str, store: Store, objects: ObjectStore) -> Manifest:
    recipe = Recipe.model_validate(release.recipe)
    entries = []
    for path, content in release_files(release, recipe, store):
        _put(objects, prefix + path, content)
        entries.append(FileEntry.of(path, content))
    wanted = {prefix + entry.path for entry in entries}
    for leftover in set(objects.keys(prefix)) - wanted:
        objects.delete(leftover)
    return Manifest(
        name=release.name,
        version=release.version,
        content_sha256=release.content_sha256,
        samples=release.samples,
        recipe=recipe,
        code_version=__version__,
        files=tuple(entries),
    )


def _put(objects: ObjectStore, key: str, content: bytes) -> None:
    try:
        objects.put_new(key, content)
    except ReleaseExists:
        objects.delete(key)
        objects.put_new(key, content)


def verify_release(name: str, version: int, *, objects: ObjectStore) -> Manifest:
    """Read a published release back and check every file against the manifest.

    Raises:
        ReleaseMissing: there is no manifest.
        ReleaseCorrupt: a file is missing, changed or was added.
    """
    prefix = prefix_of(name, version)
    manifest = read_manifest(name, version, objects=objects)
    found = set(objects.keys(prefix)) - {prefix + MANIFEST_NAME}
    wanted = {prefix + entry.path for entry in manifest.files}
    if found != wanted:
        odd = ", ".join(sorted(found ^ wanted))
        raise ReleaseCorrupt(f"{name} v{version}: missing or unexpected files: {odd}")
    for _ in _checked_files(manifest, objects):
        pass
    return manifest


def pull_release(
    name: str, version: int, directory: Path, *, objects: ObjectStore
) -> Iterator[Path]:
    """Download a release below `directory`, the manifest last; yield each path.

    Raises:
        ReleaseMissing: there is no manifest.
        ReleaseCorrupt: a file has other content than the manifest states.
    """
    manifest = read_manifest(name, version, objects=objects)
    for path, content in _checked_files(manifest, objects):
        yield _write(directory / path, content)
    yield _write(directory / MANIFEST_NAME, manifest.model_dump_json(indent=2).encode())


def _checked_files(manifest: Manifest, objects: ObjectStore) -> Iterator[tuple[str, bytes]]:
    prefix = prefix_of(manifest.name, manifest.version)
    for entry in manifest.files:
        content = objects.get(prefix + entry.path)
        if FileEntry.of(entry.path, content) != entry:
            raise ReleaseCorrupt(
                f"{manifest.name} v{manifest.version}: {entry.path} has other content"
            )
        yield entry.path, content


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def read_manifest(name: str, version: int, *, objects: ObjectStore) -> Manifest:
    """Return the manifest of a published release.

    Raises:
        ReleaseMissing: there is none.
        ReleaseCorrupt: it cannot be read.
    """
    key = prefix_of(name, version) + MANIFEST_NAME
    if key not in objects.keys(key):
        raise ReleaseMissing(
            f"{name} v{version} is not published", cure="see `codeio release list`"
        )
    try:
        return Manifest.model_validate_json(objects.get(key))
    except ValidationError as exc:
        raise ReleaseCorrupt(f"the manifest of {name} v{version} cannot be read: {exc}") from exc
