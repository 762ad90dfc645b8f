"""`codeio release list | show | verify | pull`: the versions of the dataset."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codeio_ops.cli.output import JsonOption, print_json, print_rows

if TYPE_CHECKING:
    from codeio_ops.release.assemble import Release

release = typer.Typer(help="The versions of the dataset.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="Name of the release.")]
VersionArgument = Annotated[int, typer.Argument(help="Version; the last published by default.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseLine:
    """A release as it is listed."""

    name: str
    version: int
    status: str
    samples: int
    created_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLine:
    """A gate as it is listed."""

    gate: str
    verdict: str
    metric: str
    value: float
    threshold: float
    evidence: str


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(release, name="release")


@release.command(name="list")
def list_releases(as_json: JsonOption = False) -> None:
    """List all releases, rejected ones too."""
    from codeio_ops.cli.clients import open_store
    from codeio_ops.release.assemble import Release

    rows = [
        ReleaseLine(
            name=item.name,
            version=item.version,
            status=item.status,
            samples=item.samples,
            created_at=item.created_at.isoformat(),
        )
        for item in open_store().fetch("release.all", Release)
    ]
    print_rows("Releases", rows, as_json=as_json)


@release.command()
def show(name: NameArgument, version: VersionArgument = 0, as_json: JsonOption = False) -> None:
    """Show a release: what became of it, and each gate with its evidence."""
    from codeio_ops.cli.clients import open_store
    from codeio_ops.quality.gates import gate_results

    found = find(name, version)
    results = gate_results(open_store(), found.release_id)
    if as_json:
        print_json({**_summary(found), "gates": [asdict(r) for r in results]})
        return
    for key, value in _summary(found).items():
        print(f"{key}: {value}")
    rows = [
        GateLine(
            gate=r.gate,
            verdict="passed" if r.passed else "failed",
            metric=r.metric,
            value=r.value,
            threshold=r.threshold,
            evidence="" if r.passed else json.dumps(r.evidence, ensure_ascii=False)[:200],
        )
        for r in results
    ]
    print_rows("Gates", rows, as_json=False)


@release.command()
def verify(name: NameArgument, version: VersionArgument = 0, as_json: JsonOption = False) -> None:
    """Read a release back from S3 and check the sha256 of every file."""
    from codeio_ops.cli.clients import open_objects
    from codeio_ops.release.publish import verify_release

    found = find(name, version)
    manifest = verify_release(found.name, found.version, objects=open_objects())
    if as_json:
        print_json({**_summary(found), "verified_files": len(manifest.files)})
    else:
        size = sum(entry.size_bytes for entry in manifest.files)
        print(
            f"{found.uri}: {len(manifest.files)} files, {size} bytes, every sha256 as in the "
            f"manifest; content {manifest.content_sha256}"
        )


@release.command()
def pull(
    name: NameArgument,
    directory: Annotated[Path, typer.Argument(help="Directory to write to.")],
    version: VersionArgument = 0,
) -> None:
    """Download a release, checking every file."""
    from codeio_ops.cli.clients import open_objects
    from codeio_ops.release.publish import pull_release

    found = find(name, version)
    for path in pull_release(found.name, found.version, directory, objects=open_objects()):
        print(path)


def find(name: str, version: int) -> "Release":
    """Return a release; version 0 is the last published one.

    Raises:
        ReleaseMissing: there is none.
    """
    from codeio_ops.cli.clients import open_store
    from codeio_ops.errors import ReleaseMissing
    from codeio_ops.release.assemble import Release

    found = open_store().fetch("release.by_version", Release, name=name, version=version)
    if not found:
        label = f"version {version}" if version else "published version"
        raise ReleaseMissing(f"{name} has no {label}", cure="see `codeio release list`")
    return found[0]


def _summary(found: "Release") -> dict[str, object]:
    return {
        "name": found.name,
        "version": found.version,
        "status": found.status,
        "samples": found.samples,
        "uri": found.uri,
        "content_sha256": found.content_sha256,
        "created_at": found.created_at.isoformat(),
    }
