"""Finds the release that a command names, and what is known of it."""

from dataclasses import dataclass

from codeio_ops.cli import clients
from codeio_ops.errors import ReleaseMissing
from codeio_ops.release.assemble import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What is known of a published release before its bucket is read.

    Attributes:
        summary: What the database says of it, or just its name and version.
        manifest_sha256: What its manifest must have; None when nobody knows.
        not_compared: What therefore cannot be compared, and why; empty when all can.
    """

    version: int
    summary: dict[str, object]
    manifest_sha256: str | None
    not_compared: str


def published_release(name: str, version: int, manifest_sha256: str) -> Published:
    """Return what the database, or else who asks, knows of a release.

    Raises:
        ReleaseMissing: the database says that it is not published, or no version is named
            and there is no database.
    """
    found, why = _recorded(name, version)
    if found is not None and found.status != "published":
        raise ReleaseMissing(f"{name} v{found.version} is not published: it is {found.status}")
    known = manifest_sha256 or (found.manifest_sha256 if found else "") or None
    return Published(
        version=found.version if found else version,
        summary=summary_of(found) if found else {"name": name, "version": version},
        manifest_sha256=known,
        not_compared="" if known else f"the manifest was compared with nothing: {why}",
    )


def _recorded(name: str, version: int) -> tuple[Release | None, str]:
    """Return the release of the database; without one, None and why."""
    if not clients.load_settings().database_url.get_secret_value():
        if version:
            return None, "no database is configured"
        raise ReleaseMissing(
            f"no database says which version of {name} is the last", cure="name a version"
        )
    try:
        # Of a release published before version 0.2.0 the database does not say it.
        return find(name, version), "the database does not say what it was"
    except ReleaseMissing:
        if not version:
            raise
        return None, "this database holds no such release"


def find(name: str, version: int) -> Release:
    """Return a release; version 0 is the last published one.

    Raises:
        ReleaseMissing: there is none.
    """
    found = clients.open_store().fetch("release.by_version", Release, name=name, version=version)
    if not found:
        label = f"version {version}" if version else "published version"
        raise ReleaseMissing(f"{name} has no {label}")
    return found[0]


def summary_of(found: Release) -> dict[str, object]:
    """Return a release as every command shows it."""
    return {
        "name": found.name,
        "version": found.version,
        "status": found.status,
        "samples": found.samples,
        "uri": found.uri,
        "content_sha256": found.content_sha256,
        "manifest_sha256": found.manifest_sha256,
        "created_at": found.created_at.isoformat(),
    }
