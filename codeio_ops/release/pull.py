"""Downloads a published release into a directory of its own.

The manifest is kept beside the files from the start, and gets its name at the end: so what was cut
off goes on where it was, and nothing is mixed with another release.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from codeio_ops.errors import DirectoryUnfit
from codeio_ops.release.manifest import MANIFEST_NAME, FileEntry, Manifest
from codeio_ops.release.readback import StoredManifest, read_file, read_manifest
from codeio_ops.storage.objects import ObjectStore

BEGUN_NAME = f"{MANIFEST_NAME}.begun"


def pull_release(
    name: str,
    version: int,
    directory: Path,
    *,
    objects: ObjectStore,
    manifest_sha256: str | None = None,
) -> Iterator[Path]:
    """Bring `directory` to hold just this release, the manifest last; yield each path.

    What is there already, as it must be, is not downloaded again.

    Args:
        name: Name of the release.
        version: Its version.
        directory: Where its files are written; absent, empty, or begun by a pull of the same.
        objects: The bucket that holds it.
        manifest_sha256: See `verify_release`.

    Raises:
        ReleaseMissing: there is no manifest.
        ReleaseCorrupt: a file or the manifest has other content than it must.
        DirectoryUnfit: the directory holds something else, or cannot be written.
    """
    stored = read_manifest(name, version, objects=objects, sha256=manifest_sha256)
    with _fitting(directory):
        _check(directory, stored)
        done = directory / MANIFEST_NAME
        begun = done if done.exists() else _write(directory / BEGUN_NAME, stored.content)
        for entry in stored.manifest.files:
            path = directory / entry.path
            if not _holds(path, entry):
                _write(path, read_file(name, version, entry, objects=objects))
            yield path
        yield begun.replace(done)


@contextmanager
def _fitting(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise DirectoryUnfit(f"{exc.filename or directory} cannot be used: {exc.strerror}") from exc


def _check(directory: Path, stored: StoredManifest) -> None:
    if directory.is_dir():
        held = _held(directory)
        if held is not None and held != stored.content:
            raise DirectoryUnfit(f"{directory} holds {_named(held)}")
        own = {MANIFEST_NAME, BEGUN_NAME, *(entry.path for entry in stored.manifest.files)}
        paths = (p for p in directory.rglob("*") if p.is_symlink() or not p.is_dir())
        found = {path.relative_to(directory).as_posix() for path in paths}
        if strange := sorted(found - (own if held else set())):
            more = f" and {len(strange) - 1} more" if strange[1:] else ""
            raise DirectoryUnfit(f"{directory} has files of its own: {strange[0]}{more}")


def _held(directory: Path) -> bytes | None:
    names = (MANIFEST_NAME, BEGUN_NAME)
    found = [directory / name for name in names if (directory / name).is_file()]
    return found[0].read_bytes() if found else None


def _named(content: bytes) -> str:
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError:
        return f"a {MANIFEST_NAME} that is none of a release"
    return f"another release, {manifest.name} v{manifest.version}"


def _holds(path: Path, entry: FileEntry) -> bool:
    return path.is_file() and FileEntry.of(entry.path, path.read_bytes()) == entry


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
