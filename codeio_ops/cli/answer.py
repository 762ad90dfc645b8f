"""`codeio answer`: ask a teacher about chosen prompts by hand, at a price that is said before."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Annotated

import typer

from codeio_ops.asking.estimate import Estimate, describe, estimate
from codeio_ops.cli.clients import load_settings, open_store, shell_work
from codeio_ops.cli.follow import RELEASES, Ran, print_made, run_road
from codeio_ops.cli.output import JsonOption, print_json, print_rows, say
from codeio_ops.funnel import read_funnel
from codeio_ops.jsonvalue import Json
from codeio_ops.pipeline import STAGES
from codeio_ops.storage.engine import Store
from codeio_ops.storage.shards import plan_shards

DAG_ID = "answer_prompts"


@dataclass(frozen=True, slots=True, kw_only=True)
class WroteLine:
    """What a run wrote in a stage."""

    stage: str
    passed: int
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentLine:
    """What the calls of a run took, and gave."""

    purpose: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    accepted: int
    cost_per_accepted_usd: float | None


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(answer)


def answer(
    model: Annotated[str, typer.Option(help="Model id; else CODEIO_MODEL.")] = "",
    source: Annotated[str, typer.Option(help="Locator, KIND:LOCATOR or id of a source.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="About how many prompts; 0 is all.")] = 0,
    scope: Annotated[str, typer.Option(help="auto, unanswered, new or none.")] = "",
    since: Annotated[str, typer.Option(help="First night of the files, as YYYY-MM-DD.")] = "",
    share: Annotated[float, typer.Option(help="Share of the prompts, from 0 to 1.")] = 0.0,
    budget: Annotated[float, typer.Option(min=0, help="Dollars that the run may spend.")] = 0.0,
    dry_run: Annotated[bool, typer.Option(help="Only say what it would ask, and cost.")] = False,
    follow: Annotated[bool, typer.Option(help="Wait for the end and show the progress.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Ask a teacher about the prompts that you choose, then judge, revise and release them.

    What is not given has its setting: CODEIO_ANSWER_SCOPE, CODEIO_ANSWER_SOURCES,
    CODEIO_ANSWER_SINCE, CODEIO_ANSWER_SHARE, CODEIO_BUDGET_RUN_USD. The teacher's address and key
    are those that the stack was started with.
    """
    given: dict[str, Json] = {
        "model": model, "source": source, "limit": limit, "scope": scope, "since": since,
        "share": share, "budget": budget,
    }  # fmt: skip
    conf = {name: value for name, value in given.items() if value}
    found = _estimated(conf, limit)
    say(describe(found))
    done = None if dry_run or not found.requests else _run(conf, wait=follow)
    if as_json:
        print_json({"estimate": asdict(found), **(_told(done) if done else {})})
    elif done and done.made:
        _print(done)


def _run(conf: Mapping[str, Json], *, wait: bool) -> Ran:
    """Let the teacher answer, and release its answers.

    The release that follows answers by itself is of the teacher that the settings name.
    """
    if not wait or conf.get("model", load_settings().model) == load_settings().model:
        return run_road(conf, first=DAG_ID, wait=wait)
    done = run_road(conf, first=DAG_ID, last=DAG_ID)
    released = run_road({"model": conf["model"]}, first=RELEASES)
    return replace(done, made=released.made)


def _estimated(conf: Mapping[str, Json], limit: int) -> Estimate:
    """Return what the plan of the run will find."""
    stage, named = STAGES["answer"], {
        "model": "model", "scope": "answer_scope", "since": "answer_since",
        "share": "answer_share", "budget": "budget_run_usd",
    }  # fmt: skip
    changes: dict[str, object] = {named[name]: conf[name] for name in named.keys() & conf.keys()}
    if "source" in conf:
        changes["answer_sources"] = [conf["source"]]
    work = shell_work(stage.name, "answer", load_settings().replaced(changes))
    shards = plan_shards(stage.count(work), shard_rows=work.settings.shard_rows, limit=limit)
    return estimate(stage.sizes_of(shards, work), work)


def _print(done: Ran) -> None:
    store = open_store()
    print_rows("What the run wrote", _wrote(store, done.run_id), as_json=False)
    print_rows("What it took", _spent(store, done.run_id), as_json=False)
    print_made(done.made)


def _told(done: Ran) -> dict[str, object]:
    store = open_store()
    return {
        "run_id": done.run_id,
        "wrote": [asdict(line) for line in _wrote(store, done.run_id)],
        "spent": [asdict(line) for line in _spent(store, done.run_id)],
        "release": asdict(done.made[0]) if done.made else None,
    }


def _wrote(store: Store, run_id: str) -> list[WroteLine]:
    return [
        WroteLine(stage=line.stage, passed=line.passed, dropped=line.dropped)
        for line in read_funnel(store, dag_id=DAG_ID, run_id=run_id)
    ]


def _spent(store: Store, run_id: str) -> list[SpentLine]:
    return store.fetch("pages.spending", SpentLine, dag_id=DAG_ID, run_id=run_id)
