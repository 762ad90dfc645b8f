"""Run stored pairs again, and count how many come out as they were stored."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from codeio_ops.errors import SettingsError
from codeio_ops.jsonl import parse_line, read_lines
from codeio_ops.jsonvalue import Json, compact
from codeio_ops.sandbox.base import Limits, Program, RunResult, Verdict
from codeio_ops.sandbox.pool import DockerSandbox
from codeio_ops.verify.compare import same_value


class StoredPair(BaseModel):
    """An input and the output that somebody stored for it."""

    model_config = ConfigDict(frozen=True)

    input: JsonValue
    output: JsonValue


class StoredProgram(BaseModel):
    """A row of a replay file; fields it does not name are ignored."""

    model_config = ConfigDict(frozen=True)

    refcode: str
    entry_point: str
    io_pairs: list[StoredPair]
    language: str = "python"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairResult:
    """What became of one pair: the verdict of its call, and whether the output is the stored one.

    Attributes:
        program: Position of the program in the file.
        pair: Position of the pair in the program.
    """

    program: int
    pair: int
    verdict: Verdict
    matched: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """The figures of one replay.

    Attributes:
        matched: Pairs whose output is the stored one, within the tolerance of answers.
        by_verdict: Pairs by what became of the call; `ok` counts mismatches too, `not_json`
            also inputs that are not JSON.
        cpu_s: CPU seconds inside the containers: programs, supervisors and their start.
    """

    programs: int
    pairs: int
    matched: int
    by_verdict: dict[str, int]
    wall_s: float
    cpu_s: float
    executions_per_s: float


_PROGRAMS = TypeAdapter(Annotated[list[StoredProgram], Field(min_length=1)])


def read_programs(path: Path) -> list[StoredProgram]:
    """Read a JSONL file of `{refcode, entry_point, io_pairs: [{input, output}]}`.

    Raises:
        SettingsError: a row has another shape, or there is none.
        SourceNotFound, SourceUnavailable, SourceDamaged: see `jsonl.read_lines`.
    """
    try:
        rows = [parse_line(line) for _, line in read_lines(path)]
        return _PROGRAMS.validate_python(rows)
    except (ValueError, RecursionError) as exc:
        raise SettingsError(f"{path} holds no programs with pairs: {exc}") from exc


def replay(
    sandbox: DockerSandbox, programs: Sequence[StoredProgram], *, limits: Limits
) -> tuple[ReplayReport, list[PairResult]]:
    """Run every pair once, as many programs at a time as the sandbox has workers.

    Raises:
        SandboxFault: the sandbox failed.
    """
    started, cpu_before = time.monotonic(), sandbox.cpu_s

    def run(numbered: tuple[int, StoredProgram]) -> list[PairResult]:
        return list(_run(sandbox, *numbered, limits))

    with ThreadPoolExecutor(sandbox.workers) as threads:
        results = [pair for pairs in threads.map(run, enumerate(programs)) for pair in pairs]
    wall_s = time.monotonic() - started
    report = ReplayReport(
        programs=len(programs),
        pairs=len(results),
        matched=sum(result.matched for result in results),
        by_verdict=dict(Counter(str(result.verdict) for result in results)),
        wall_s=round(wall_s, 3),
        cpu_s=round(sandbox.cpu_s - cpu_before, 3),
        executions_per_s=round(len(results) / wall_s, 1) if results else 0.0,
    )
    return report, results


def _run(
    sandbox: DockerSandbox, number: int, stored: StoredProgram, limits: Limits
) -> Iterator[PairResult]:
    program = Program(code=stored.refcode, entry_point=stored.entry_point, language=stored.language)
    runnable = [pair.input for pair in stored.io_pairs if _is_json(pair.input)]
    answered = iter(sandbox.run(program, runnable, limits=limits))
    results = [
        next(answered) if _is_json(pair.input) else RunResult(verdict=Verdict.NOT_JSON)
        for pair in stored.io_pairs
    ]
    for index, (pair, result) in enumerate(zip(stored.io_pairs, results, strict=True)):
        matched = result.verdict is Verdict.OK and same_value(result.value, pair.output)
        yield PairResult(program=number, pair=index, verdict=result.verdict, matched=matched)


def _is_json(value: Json) -> bool:
    """Say whether an input can be sent at all: Python's reader also takes NaN and Infinity."""
    try:
        compact(value)
    except ValueError:
        return False
    return True
