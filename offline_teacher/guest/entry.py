"""The two jobs: follow one call, or find an input and then follow the call with it."""

from collections.abc import Callable

from codeio_ops.jsonvalue import Json
from offline_teacher.guest.search import find_input
from offline_teacher.guest.tracing import record_call


def follow(
    *, code: str, entry_point: str, arguments: dict[str, Json], max_steps: int
) -> dict[str, Json]:
    """Record one call. Returns what `record_call` returns."""
    return record_call(code, entry_point, arguments, max_steps)


def search(
    *,
    code: str,
    entry_point: str,
    generator: str,
    wanted: Json,
    literals: list[Json],
    candidates: int,
    seed: int,
    max_steps: int,
) -> dict[str, Json]:
    """Find an input for the wanted output.

    Returns:
        `found`, `tried`, `failed`, `log` ([input, output] of each candidate that came
        nearer), `input` and `output` of the nearest one or null, and `trace` of it.
    """
    result = find_input(
        code,
        entry_point,
        generator=generator,
        wanted=wanted,
        literals=literals,
        candidates=candidates,
        seed=seed,
    )
    reply: dict[str, Json] = {
        "found": result.found,
        "tried": result.tried,
        "failed": result.failed,
        "log": result.log,
        "input": None,
        "output": None,
        "trace": None,
    }
    if result.best is not None:
        _, reply["input"], reply["output"] = result.best
        reply["trace"] = record_call(code, entry_point, result.best[1], max_steps)
    return reply


def run(*, kind: str, job: dict[str, Json]) -> dict[str, Json]:
    """Do the job `follow` or `search` with the fields of `job` as arguments."""
    return _JOBS[kind](**job)


_JOBS: dict[str, Callable[..., dict[str, Json]]] = {"follow": follow, "search": search}
