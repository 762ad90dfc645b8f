"""`codeio release list | show | diff | verify | pull`: read the versions of the dataset."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codeio_ops.cli.output import JsonOption, print_json, print_rows, print_text

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
    taken_down: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLine:
    """A gate as it is listed."""

    gate: str
    verdict: str
    metric: str
    value: float
    threshold: float
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakedownLine:
    """A takedown that names rows of a release."""

    kind: str
    value: str
    reason: str
    taken_down_at: datetime
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonLine:
    """How many rows differ for a reason."""

    change: str
    rows: int
    why: str


def register(app: typer.Typer) -> None:
    """Add the commands of this module, and those that make releases."""
    from codeio_ops.cli import release_changes

    release_changes.register(release)
    app.add_typer(release, name="release")


@release.command(name="list")
def list_releases(as_json: JsonOption = False) -> None:
    """List all releases, rejected ones too, with how many of their rows were taken down since."""
    from codeio_ops.cli.clients import open_store

    print_rows("Releases", open_store().fetch("release.lines", ReleaseLine), as_json=as_json)


@release.command()
def show(name: NameArgument, version: VersionArgument = 0, as_json: JsonOption = False) -> None:
    """Show a release: what became of it, each gate with its evidence, cost, takedowns."""
    from codeio_ops.cli.clients import open_store
    from codeio_ops.quality.gates import gate_results
    from codeio_ops.quality.overrides import overrides
    from codeio_ops.release.card import Cost

    found, store = find(name, version), open_store()
    rulings = overrides(store, found.release_id)
    results = gate_results(store, found.release_id)
    if as_json:
        of_release = {"release_id": found.release_id}
        print_json(
            {
                **_summary(found),
                "recipe": found.recipe,
                "gates": [asdict(r) for r in results],
                "overrides": [asdict(ruling) for ruling in rulings],
                "cost": store.fetch_json("release.cost", **of_release),
                "takedowns": store.fetch_json("takedown.of_release", **of_release),
            }
        )
        return
    for key, value in _summary(found).items():
        print_text(f"{key}: {value}")
    gates = [
        GateLine(
            gate=r.gate,
            verdict="passed" if r.passed else f"failed ({r.severity})",
            metric=r.metric,
            value=r.value,
            threshold=r.threshold,
            evidence="" if r.passed else json.dumps(r.evidence, ensure_ascii=False)[:200],
        )
        for r in results
    ]
    print_rows("Gates", gates, as_json=False)
    print_rows("What people decided", rulings, as_json=False)
    costs = store.fetch("release.cost", Cost, release_id=found.release_id)
    print_rows("Cost", costs, as_json=False)
    takedowns = store.fetch("takedown.of_release", TakedownLine, release_id=found.release_id)
    print_rows("Taken down since", takedowns, as_json=False)


@release.command()
def diff(
    name: NameArgument,
    old: Annotated[int, typer.Argument(help="The older version.")],
    new: Annotated[int, typer.Argument(help="The newer one; the last published by default.")] = 0,
    other: Annotated[str, typer.Option(help="Name of the newer one, when it has another.")] = "",
    rows: Annotated[int, typer.Option(help="Rows to print; JSON has all.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Explain row by row why a row came, went or changed between two releases."""
    from codeio_ops.cli.clients import open_store
    from codeio_ops.release.diff import diff_releases

    before, after = find(name, old), find(other or name, new)
    found = diff_releases(before, after, store=open_store())
    if as_json:
        print_json(
            {
                "old": _summary(before),
                "new": _summary(after),
                "recipe": found.recipe,
                "unchanged": found.unchanged,
                "rows": [asdict(row) for row in found.rows],
            }
        )
        return
    print(f"{before.name} v{before.version} -> {after.name} v{after.version}")
    for line in found.recipe:
        print_text(f"recipe: {line}")
    print(f"unchanged: {found.unchanged}")
    reasons = [
        ReasonLine(change=change, rows=count, why=why) for change, why, count in found.reasons()
    ]
    print_rows("Why", reasons, as_json=False)
    shown = found.rows[:rows]
    print_rows(f"Rows ({len(shown)} of {len(found.rows)})", shown, as_json=False)


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
    as_json: JsonOption = False,
) -> None:
    """Download a release, checking every file."""
    from codeio_ops.cli.clients import open_objects
    from codeio_ops.release.publish import pull_release

    found = find(name, version)
    paths = pull_release(found.name, found.version, directory, objects=open_objects())
    if as_json:
        print_json({**_summary(found), "files": [str(path) for path in paths]})
        return
    for path in paths:
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
