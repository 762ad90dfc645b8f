"""`codeio release takedown | takedowns`: take files out of releases, and let them in again."""

import sys
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from codeio_ops.cli.clients import open_store, shell_work, shell_writer
from codeio_ops.cli.follow import RELEASES, run_road
from codeio_ops.cli.output import JsonOption, print_json, print_rows, print_text
from codeio_ops.quality.refusals import refuse_in
from codeio_ops.release.assemble import Release
from codeio_ops.release.takedown import (
    Kind,
    Reach,
    TakenDown,
    Within,
    known_takedowns,
    reach_of,
    take_down,
    undo_takedown,
)

_COMMAND = "release takedown"

Made = dict[str, object]


def register(release: typer.Typer) -> None:
    """Add the commands of this module to `codeio release`."""
    release.command()(takedown)
    release.command()(takedowns)


def takedowns(as_json: JsonOption = False) -> None:
    """List what was taken down, with the id that `takedown --undo` takes."""
    print_rows("Takedowns", known_takedowns(open_store()), as_json=as_json)


def takedown(
    repository: Annotated[str, typer.Option(help="Locator of a source, or OWNER/NAME.")] = "",
    path: Annotated[str, typer.Option(help="Path in a source, or a directory of it.")] = "",
    source: Annotated[str, typer.Option(help="With --path: the only source that is meant.")] = "",
    author: Annotated[str, typer.Option(help="Name or address of an author.")] = "",
    licence: Annotated[str, typer.Option(help="SPDX id of a licence.")] = "",
    reason: Annotated[str, typer.Option(help="Why; it is kept with the takedown.")] = "",
    undo: Annotated[str, typer.Option(help="Id of a takedown that is to hold no longer.")] = "",
    yes: Annotated[bool, typer.Option(help="Ask nothing: --path alone means all sources.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Only say what it would reach.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait for the gates and the publication.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Take files down: list the releases that hold them, and make versions without them.

    Later releases stay without them, until it is undone. Published versions are not touched.
    A path may be meant in one repository or source alone: give both.
    """
    if not (reason or dry_run):
        raise typer.BadParameter("give a --reason")
    if undo:
        _undo(undo, reason, as_json=as_json)
        return
    named: dict[Kind, str] = {
        "repository": repository, "path": path, "author": author, "licence": licence,
    }  # fmt: skip
    kind, value, within = _meant(named, source)
    reach = reach_of(kind, value, store=open_store(), within=within)
    if dry_run:
        _print_reach(reach, as_json=as_json)
        return
    if kind == "path" and within is None and reach.raw_files and not yes:
        _ask(value, reach)
    work = shell_work("takedown", _COMMAND)
    done = take_down(
        kind, value, reason=reason, store=work.store, writer=work.writer, within=within,
        refuse=refuse_in(work),
    )  # fmt: skip
    _print_done(done, [_made(each, wait=wait) for each in done.candidates], as_json=as_json)


def _meant(named: dict[Kind, str], source: str) -> tuple[Kind, str, Within | None]:
    """Return kind, value and place of what the options name.

    Raises:
        BadParameter: they name nothing, or more than one takedown.
    """
    given: list[tuple[Kind, str]] = [(kind, value) for kind, value in named.items() if value]
    if source and [kind for kind, _ in given] == ["path"]:
        return "path", named["path"], Within(kind="source", name=source)
    if not source and [kind for kind, _ in given] == ["repository", "path"]:
        return "path", named["path"], Within(kind="repository", name=named["repository"])
    if source or len(given) != 1:
        raise typer.BadParameter(
            "give one of --repository, --path, --author, --licence; or --path with --repository "
            "or --source"
        )
    return (*given[0], None)


def _ask(path: str, reach: Reach) -> None:
    """Ask whether a path is meant in all sources.

    Raises:
        BadParameter: nobody is there to be asked.
        Abort: it is not.
    """
    told = (
        f"{path} is seen in {len(reach.sources)} sources ({', '.join(reach.sources)}), and the "
        "takedown would hold for all that are added later."
    )
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{told} Name one with --source or --repository, or give --yes.")
    typer.confirm(f"{told} Take it down in all of them?", abort=True, err=True)


def _undo(takedown_id: str, reason: str, *, as_json: bool) -> None:
    writer = shell_writer("takedown", _COMMAND)
    try:
        wanted = UUID(takedown_id)
    except ValueError as exc:
        raise typer.BadParameter(f"{takedown_id} is no id; see `release takedowns`") from exc
    undone = undo_takedown(wanted, reason=reason, store=open_store(), writer=writer)
    if as_json:
        print_json({"undone": asdict(undone)})
        return
    print_text(
        f"undone: {undone.kind} {undone.value}, {undone.files} files; the next release takes them"
    )


def _made(candidate: Release, *, wait: bool) -> Made:
    """Judge and publish a candidate in the embedded Airflow."""
    current = [each["id"] for each in candidate.teachers]
    ran = run_road({"recipe": candidate.recipe, "current": [*current]}, first=RELEASES, wait=wait)
    return {
        "name": candidate.name,
        "version": candidate.version,
        "samples": candidate.samples,
        "run_id": ran.run_id,
    }


def _print_done(done: TakenDown, made: list[Made], *, as_json: bool) -> None:
    if as_json:
        facts = {"takedown_id": done.takedown_id, "made": made, "emptied": done.emptied}
        print_json({**asdict(done.reach), **facts})
        return
    _print_reach(done.reach, as_json=False)
    for item in made:
        print_text(
            f"next: {item['name']} v{item['version']}, {item['samples']} samples, {item['run_id']}"
        )
    for name in done.emptied:
        print_text(f"nothing is left of {name}")
    print_text(f"to undo it: codeio release takedown --undo {done.takedown_id} --reason ...")


def _print_reach(reach: Reach, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(reach))
        return
    print_text(f"sources: {', '.join(reach.sources) or 'none'}")
    print(f"files: {reach.raw_files}, samples: {reach.samples}")
    print(f"files of unknown author: {reach.authorless_files}")
    print_rows("Affected releases", reach.releases, as_json=False)
