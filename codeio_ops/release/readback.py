"""Reads a published release back, and compares every file with what was published."""

from dataclasses import dataclass

from pydantic import ValidationError

from codeio_ops.errors import ReleaseCorrupt, ReleaseMissing
from codeio_ops.fingerprint import sha256_hex
from codeio_ops.release.manifest import MANIFEST_NAME, FileEntry, Manifest
from codeio_ops.storage.objects import ObjectStore


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredManifest:
    """A manifest, and the bytes that it was read from."""

    manifest: Manifest
    content: bytes

    @property
    def sha256(self) -> str:
        """The sha256 of the bytes, in hex."""
        return sha256_hex(self.content)


def prefix_of(name: str, version: int) -> str:
    """Return the prefix of a release in the bucket."""
    return f"releases/{name}/{version}/"


def verify_release(
    name: str, version: int, *, objects: ObjectStore, manifest_sha256: str | None = None
) -> StoredManifest:
    """Read a published release back and check every file against the manifest.

    Args:
        name: Name of the release.
        version: Its version.
        objects: The bucket that holds it.
        manifest_sha256: What the manifest must have, by a witness outside of the bucket;
            without one a manifest that was changed along with its files is not found.

    Raises:
        ReleaseMissing: there is no manifest.
        ReleaseCorrupt: a file or the manifest is missing, changed or was added.
    """
    prefix = prefix_of(name, version)
    stored = read_manifest(name, version, objects=objects, sha256=manifest_sha256)
    found = set(objects.keys(prefix)) - {prefix + MANIFEST_NAME}
    wanted = {prefix + entry.path for entry in stored.manifest.files}
    if found != wanted:
        odd = ", ".join(sorted(found ^ wanted))
        raise ReleaseCorrupt(f"{name} v{version}: missing or unexpected files: {odd}")
    for entry in stored.manifest.files:
        read_file(name, version, entry, objects=objects)
    return stored


def read_manifest(
    name: str, version: int, *, objects: ObjectStore, sha256: str | None = None
) -> StoredManifest:
    """Return the manifest of a published release.

    Raises:
        ReleaseMissing: there is none.
        ReleaseCorrupt: it cannot be read, or has another sha256 than the one given.
    """
    key = prefix_of(name, version) + MANIFEST_NAME
    if key not in objects.keys(key):
        raise ReleaseMissing(f"{name} v{version} is not published")
    content = objects.get(key)
    if sha256 and sha256 != sha256_hex(content):
        raise ReleaseCorrupt(
            f"{name} v{version}: {MANIFEST_NAME} is not the one that was published: its sha256 "
            f"is {sha256_hex(content)}, and was {sha256}"
        )
    try:
        return StoredManifest(manifest=Manifest.model_validate_json(content), content=content)
    except ValidationError as exc:
        raise ReleaseCorrupt(f"the manifest of {name} v{version} cannot be read: {exc}") from exc


def read_file(name: str, version: int, entry: FileEntry, *, objects: ObjectStore) -> bytes:
    """Return a file of a published release.

    Raises:
        ReleaseCorrupt: it has other content than it must.
    """
    content = objects.get(prefix_of(name, version) + entry.path)
    if FileEntry.of(entry.path, content) != entry:
        raise ReleaseCorrupt(f"{name} v{version}: {entry.path} has other content")
    return content
