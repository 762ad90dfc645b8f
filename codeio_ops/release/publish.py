"""Publishes a release that passed its gates: all files, the manifest last, never replaced."""

import logging

from codeio_ops.code_version import code_version
from codeio_ops.errors import ReleaseExists
from codeio_ops.fingerprint import sha256_hex
from codeio_ops.release.assemble import Release, find_release
from codeio_ops.release.contents import release_files
from codeio_ops.release.judgement import PassedRelease
from codeio_ops.release.manifest import MANIFEST_NAME, FileEntry, Manifest
from codeio_ops.release.readback import prefix_of, read_manifest
from codeio_ops.release.recipe import Recipe
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore

log = logging.getLogger(__name__)


def publish(passed: PassedRelease, *, store: Store, objects: ObjectStore) -> Release:
    """Write the files of a release and its manifest, and return it as it is published.

    Running it again finishes what a killed run began. Until the manifest is written there is
    no release, so leftovers that differ, as those of an older version of this code do, are
    replaced; from then on nothing is.

    Raises:
        ReleaseExists: its place holds another release.
        BlobStoreRefused: the store replaces objects that must not be replaced.
    """
    release = passed.release
    if release.status == "published":
        return release
    uri = f"s3://{objects.bucket}/{prefix_of(release.name, release.version)}"
    # Two publishers must not replace each other's leftovers.
    with store.locked(f"publish {release.name}"):
        manifest = _stored_manifest(passed, store, objects)
        with store.transaction() as transaction:
            transaction.execute(
                "release.set_published",
                release_id=release.release_id,
                uri=uri,
                manifest_sha256=sha256_hex(manifest),
            )
    log.info("published %s: %d samples", uri, release.samples, extra={"action": "publish"})
    return find_release(store, release.release_id)


def _stored_manifest(passed: PassedRelease, store: Store, objects: ObjectStore) -> bytes:
    """Return the manifest that a killed run left, or write all files and then a new one."""
    release = passed.release
    key = prefix_of(release.name, release.version) + MANIFEST_NAME
    if key in objects.keys(key):
        found = read_manifest(release.name, release.version, objects=objects)
        if found.manifest.content_sha256 != release.content_sha256:
            raise ReleaseExists(f"{key} is of a release of other content")
        return found.content
    objects.require_conditional_writes()
    content = _write_files(passed, store, objects).to_bytes()
    objects.put_new(key, content)
    return content


def _write_files(passed: PassedRelease, store: Store, objects: ObjectStore) -> Manifest:
    release = passed.release
    prefix = prefix_of(release.name, release.version)
    recipe = Recipe.model_validate(release.recipe)
    entries = []
    for path, content in release_files(release, recipe, passed.judgement, store):
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
        code_version=code_version(),
        files=tuple(entries),
    )


def _put(objects: ObjectStore, key: str, content: bytes) -> None:
    try:
        objects.put_new(key, content)
    except ReleaseExists:
        objects.delete(key)
        objects.put_new(key, content)
