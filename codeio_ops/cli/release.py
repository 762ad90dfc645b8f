"""`codeio release list | show | diff | verify | pull`: read the versions of the dataset."""

import re
import sys
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from codeio_ops.cli import release_changes, takedown
from codeio_ops.cli.clients import open_objects, open_store
from codeio_ops.cli.gate_report import print_failed, print_left_out
from codeio_ops.cli.output import JsonOption, print_json, print_rows, print_text
from codeio_ops.cli.release_lookup import find, published_release, summary_of
from codeio_ops.release.card import Cost
from codeio_ops.release.diff import diff_releases
from codeio_ops.release.judgement import gate_results, overrides
from codeio_ops.release.pull import pull_release
from codeio_ops.release.readback import prefix_of, verify_release

release = typer.Typer(help="The versions of the dataset.", no_args_is_help=True)

_VERSION = re.compile(r"v?\d+")


def version_of(word: object) -> int:
    """Read a version as it is printed, with a v or without."""
    if not _VERSION.fullmatch(str(word)):
        raise typer.BadParameter(f"{word!r} is no version, such as 2 or v2")
    return int(str(word).removeprefix("v"))


NameArgument = Annotated[str, typer.Argument(help="Name of the release.")]
VersionArgument = Annotated[
    int, typer.Argument(parser=version_of, help="Version; the last published by default.")
]
ManifestOption = Annotated[
    str, typer.Option(help="What its manifest must have, when no database knows it.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseLine:
    """A release as it is listed."""

    name: str
    version: int
    status: str
    samples: int
    teachers: str
    taken_down: int
    leaks: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLine:
    """A gate as it is listed."""

    gate: str
    verdict: str
    metric: str
    value: float
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TakedownLine:
    """A takedown that names rows of a release."""

    kind: str
    value: str
    reason: str
    taken_down_at: datetime
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakLine:
    """A benchmark in use that leaks into rows of a release."""

    benchmark: str
    items: int
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonLine:
    """How many rows differ for a reason."""

    change: str
    rows: int
    why: str


def register(app: typer.Typer) -> None:
    """Add the commands of this module, and those that make releases."""
    release_changes.register(release)
    takedown.register(release)
    app.add_typer(release, name="release")


@release.command(name="list")
def list_releases(as_json: JsonOption = False) -> None:
    """List all releases, with how many of their rows were taken down or leak by now."""
    print_rows("Releases", open_store().fetch("release.lines", ReleaseLine), as_json=as_json)


@release.command()
def show(name: NameArgument, version: VersionArgument = 0, as_json: JsonOption = False) -> None:
    """Show a release: what became of it, what it leaves out, gates, cost, takedowns."""
    found, store = find(name, version), open_store()
    rulings = overrides(store, found.release_id)
    results = gate_results(store, found.release_id)
    if as_json:
        of_release = {"release_id": found.release_id}
        print_json(
            {
                **summary_of(found),
                "recipe": found.recipe,
                "gates": [asdict(r) for r in results],
                "overrides": [asdict(ruling) for ruling in rulings],
                "left_out": store.fetch_json("release.left_out", **of_release),
                "cost": store.fetch_json("release.cost", **of_release),
                "takedowns": store.fetch_json("takedown.of_release", **of_release),
                "leaks": store.fetch_json("benchmark.leaks_of_release", **of_release),
            }
        )
        return
    for key, value in summary_of(found).items():
        print_text(f"{key}: {value}")
    gates = [
        GateLine(
            gate=r.gate,
            verdict="passed" if r.passed else f"failed ({r.severity})",
            metric=r.metric,
            value=r.value,
            threshold=r.threshold,
        )
        for r in results
    ]
    print_left_out(store, found.release_id)
    print_rows("Gates", gates, as_json=False)
    print_failed(results, store)
    print_rows("What people decided", rulings, as_json=False)
    costs = store.fetch("release.cost", Cost, release_id=found.release_id)
    print_rows("Cost", costs, as_json=False)
    takedowns = store.fetch("takedown.of_release", TakedownLine, release_id=found.release_id)
    print_rows("Taken down since", takedowns, as_json=False)
    leaks = store.fetch("benchmark.leaks_of_release", LeakLine, release_id=found.release_id)
    print_rows("Leaks of benchmarks in use", leaks, as_json=False)


@release.command()
def diff(
    name: NameArgument,
    old: Annotated[int, typer.Argument(parser=version_of, help="The older version.")],
    new: Annotated[
        int,
        typer.Argument(parser=version_of, help="The newer one; the last published by default."),
    ] = 0,
    other: Annotated[str, typer.Option(help="Name of the newer one, when it has another.")] = "",
    rows: Annotated[int, typer.Option(help="Rows to print; JSON has all.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Explain row by row why a row came, went or changed between two releases."""
    before, after = find(name, old), find(other or name, new)
    found = diff_releases(before, after, store=open_store())
    if as_json:
        print_json(
            {
                "old": summary_of(before),
                "new": summary_of(after),
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
def verify(
    name: NameArgument,
    version: VersionArgument = 0,
    manifest_sha256: ManifestOption = "",
    as_json: JsonOption = False,
) -> None:
    """Read a release back from S3; check every file, and the manifest against the database.

    Where neither the database nor you know the sha256 of the manifest, it says so.
    """
    known, objects = published_release(name, version, manifest_sha256), open_objects()
    stored = verify_release(
        name, known.version, objects=objects, manifest_sha256=known.manifest_sha256
    )
    manifest = stored.manifest
    if as_json:
        print_json(
            {
                **known.summary,
                "content_sha256": manifest.content_sha256,
                "manifest_sha256": stored.sha256,
                "verified_files": len(manifest.files),
                "not_compared": known.not_compared,
            }
        )
        return
    size = sum(entry.size_bytes for entry in manifest.files)
    print(
        f"s3://{objects.bucket}/{prefix_of(name, known.version)}: {len(manifest.files)} files, "
        f"{size} bytes, every sha256 as in the manifest; content {manifest.content_sha256}"
    )
    print(known.not_compared or f"manifest {stored.sha256}, as it was published")


@release.command()
def pull(
    name: NameArgument,
    version: Annotated[str, typer.Argument(help="Version; the last published by default.")] = "",
    directory: Annotated[
        str, typer.Argument(help="Where to write it; NAME-vVERSION here by default.")
    ] = "",
    manifest_sha256: ManifestOption = "",
    as_json: JsonOption = False,
) -> None:
    """Download a release, checking every file, and the manifest as `verify` does.

    The directory must be absent, empty, or hold just this release or a part of it, which is
    then completed. NAME DIRECTORY VERSION, the order of older versions, is understood too.
    """
    wanted, target = _told_apart(version, directory)
    known = published_release(name, wanted, manifest_sha256)
    paths = pull_release(
        name,
        known.version,
        Path(target or f"{name}-v{known.version}"),
        objects=open_objects(),
        manifest_sha256=known.manifest_sha256,
    )
    if as_json:
        files = [str(path) for path in paths]
        print_json({**known.summary, "files": files, "not_compared": known.not_compared})
        return
    for path in paths:
        print(path)
    if known.not_compared:
        print(known.not_compared, file=sys.stderr)


def _told_apart(version: str, directory: str) -> tuple[int, str]:
    """Return version and directory, whichever came first; 0 is the last published version."""
    if _VERSION.fullmatch(version):
        return version_of(version), directory
    if not directory or _VERSION.fullmatch(directory):
        return version_of(directory or 0), version
    raise typer.BadParameter(f"{version!r} is no version: write NAME [VERSION] [DIRECTORY]")
