"""The offline transform over one file of raw code, without a database: what it is worth.

Each accepted program is run again in a container that saw none of the work before, under
another hash seed; a program whose results differ there is contradicted.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from codeio_ops.ingest.base import SourceFile
from codeio_ops.jsonvalue import Json, canonical, within_size_rules
from codeio_ops.sandbox.base import Limits, Program, RunResult, Sandbox, Verdict
from codeio_ops.teacher.parsing import (
    ProgramParts,
    parse_transform,
    refusal_drop,
)
from codeio_ops.teacher.prompting import TransformTask
from codeio_ops.unified_form import ENTRY_POINT, INPUT_GENERATOR
from offline_teacher.program_reply import program_reply

CONFIRMED_DRAWS = 20
MIN_INPUTS = 3
MIN_OUTPUTS = 2
_SEED = 20_250_217


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformReport:
    """What became of the rows of a file.

    Attributes:
        files: Rows read.
        accepted: Rows that gave a program.
        reasons: Why the other rows gave none, the most frequent first.
        contradicted: Accepted programs that a second run in a fresh container contradicts.
        wall_s: Seconds from the first row to the last confirmation.
    """

    files: int
    accepted: int
    reasons: dict[str, int]
    contradicted: int
    wall_s: float

    @property
    def share(self) -> float:
        """Accepted rows among all, 0 to 1."""
        return self.accepted / self.files if self.files else 0.0


def transform_rows(
    rows: Iterable[SourceFile],
    *,
    sandbox: Sandbox,
    confirm: Sandbox,
    progress: Callable[[int], None],
) -> tuple[list[ProgramParts], Counter[str]]:
    """Transform every row; return the programs, and how many rows gave none for which reason.

    Args:
        rows: Raw files; read lazily, in order.
        sandbox: Where their code runs.
        confirm: A sandbox with another hash seed.
        progress: Is told how many rows are done.

    Raises:
        SandboxFault: a sandbox failed.
    """
    programs: list[ProgramParts] = []
    reasons: Counter[str] = Counter()
    waiting = iter(rows)
    done = 0
    with ThreadPoolExecutor(sandbox.workers) as threads:
        while batch := list(islice(waiting, 8 * sandbox.workers)):
            for outcome in threads.map(lambda row: transform_row(row, sandbox, confirm), batch):
                if isinstance(outcome, ProgramParts):
                    programs.append(outcome)
                else:
                    reasons[outcome] += 1
            done += len(batch)
            progress(done)
    return programs, reasons


def transform_row(row: SourceFile, sandbox: Sandbox, confirm: Sandbox) -> ProgramParts | str:
    """Transform one raw file; return its program, or the reason why it gives none."""
    if row.content is None:
        return "too_large"
    try:
        source = row.content.decode()
    except UnicodeDecodeError:
        return "not_utf8"
    task = TransformTask(source=source, language=row.language)
    parts = parse_transform(program_reply(task, sandbox=sandbox, confirm=confirm).text)
    return parts if isinstance(parts, ProgramParts) else refusal_drop(parts).word


def count_contradicted(
    programs: Iterable[ProgramParts], *, sandbox: Sandbox, fresh: Sandbox
) -> int:
    """Count the programs that do not repeat themselves in the container `fresh`.

    The inputs are drawn anew, so this also counts a program that no longer meets the
    criterion: three distinct inputs that run, two distinct outputs, all within the size rules.
    """
    with ThreadPoolExecutor(sandbox.workers) as threads:
        held = threads.map(lambda program: _holds(program, sandbox, fresh), programs)
        return sum(not each for each in held)


def _holds(program: ProgramParts, sandbox: Sandbox, fresh: Sandbox) -> bool:
    inputs = _draw(program, sandbox)
    code = Program(code=program.main_function, entry_point=ENTRY_POINT)
    first = sandbox.run(code, inputs, limits=Limits())
    second = fresh.run(code, inputs[::-1], limits=Limits())[::-1]
    usable = [
        (canonical(given), canonical(result.value))
        for given, result in zip(inputs, first, strict=True)
        if _is_usable(given, result)
    ]
    return (
        list(map(_outcome, first)) == list(map(_outcome, second))
        and len({given for given, _ in usable}) >= MIN_INPUTS
        and len({output for _, output in usable}) >= MIN_OUTPUTS
    )


def _draw(program: ProgramParts, sandbox: Sandbox) -> list[Json]:
    generator = Program(code=program.input_generator, entry_point=INPUT_GENERATOR)
    drawn = sandbox.run(generator, [{}] * CONFIRMED_DRAWS, limits=Limits(), seed=_SEED)
    distinct = {
        canonical(result.value): result.value
        for result in drawn
        if result.verdict is Verdict.OK and isinstance(result.value, dict)
    }
    return list(distinct.values())


def _outcome(result: RunResult) -> tuple[Verdict, str, str]:
    value = canonical(result.value) if result.verdict is Verdict.OK else ""
    return result.verdict, value, result.error_type


def _is_usable(given: Json, result: RunResult) -> bool:
    return (
        result.verdict is Verdict.OK
        and result.value is not None
        and within_size_rules(given)
        and within_size_rules(result.value)
    )
