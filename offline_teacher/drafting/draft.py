"""From a raw file to drafts of programs: trace, plan units, search, write, verify."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codeio_ops.jsonvalue import canonical
from codeio_ops.sandbox.base import Sandbox
from offline_teacher.drafting.acceptance import verified
from offline_teacher.drafting.emit import description, program_source
from offline_teacher.drafting.generators import generator_source
from offline_teacher.drafting.lift import script_units
from offline_teacher.drafting.operations import operation_units
from offline_teacher.drafting.parse import ParsedFile, parse_file
from offline_teacher.drafting.problem_statement import state_problem, task_of
from offline_teacher.drafting.refusal import UnitRefused
from offline_teacher.drafting.trial_jobs import (
    WorkingUnit,
    demo_calls,
    verify,
    working_units,
)
from offline_teacher.drafting.units import Unit, function_units

_BATCH = 3
_MAX_UNITS = 6
# Which refusal names the file when none of its units became a program: the most telling first.
_REASONS = (
    "nothing_asked",
    "impure",
    "missing_import",
    "undefined_name",
    "object_parameter",
    "callable_parameter",
    "too_many_parameters",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramDraft:
    """A program in four parts, with what is known about how it was made.

    Attributes:
        main_function: Python source that defines `main_solution` last; JSON in and out.
        io_description: One line for each input, under `Input:`, then `Output:` and a line.
        input_generator: Python source that defines `input_generator()`, which returns a dict.
        problem_statement: Prose with a wh-question that names every input in backticks.
        unit: The unit of the file, as `bubble_sort` or `Stack (operation log)`.
        evidence: Source of the type of each input: trace, docstring, annotation, usage, name,
            default, relation, lift or guess.
        statement_source: `docstring`, `comment` or `name_template`.
    """

    main_function: str
    io_description: str
    input_generator: str
    problem_statement: str
    unit: str
    evidence: dict[str, str]
    statement_source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOutcome:
    """Drafts of one file, best first, or the reason why there is none.

    Attributes:
        drafts: At most as many as were asked for.
        reason: Short snake_case code when there is no draft, else empty.
        detail: What was met, for a person.
    """

    drafts: tuple[ProgramDraft, ...]
    reason: str = ""
    detail: str = ""


def draft_programs(
    source: str, *, sandbox: Sandbox, confirm: Sandbox | None = None, max_drafts: int = 1
) -> DraftOutcome:
    """Turn a raw Python file into programs, without a model.

    Deterministic: equal sources give equal outcomes, whatever the load of the machine.

    Args:
        source: Text of the file; untrusted.
        sandbox: Where all of its code runs.
        confirm: A sandbox with another hash seed for the second verification; with None
            both verifications run in `sandbox`, and hash order goes unchecked.
        max_drafts: Stop after that many accepted programs.

    Raises:
        SandboxFault: the sandbox failed twice on this file.
    """
    try:
        file = parse_file(source)
    except UnitRefused as refusal:
        return DraftOutcome(drafts=(), reason=refusal.reason, detail=refusal.detail)
    units, refusals = _plan(sandbox, file)
    drafts: list[ProgramDraft] = []
    unheld: list[UnitRefused] = []
    for start in range(0, len(units), _BATCH):
        batch = units[start : start + _BATCH]
        found = working_units(sandbox, batch, enough=max_drafts - len(drafts))
        for working in sorted(found, key=lambda item: -_value(item)):
            try:
                drafts.append(_draft(file, working, sandbox, confirm or sandbox))
            except UnitRefused as refusal:
                unheld.append(refusal)
            if len(drafts) >= max_drafts:
                return DraftOutcome(drafts=tuple(drafts))
    return DraftOutcome(drafts=tuple(drafts), **_why(units, refusals, unheld, bool(drafts)))


def _plan(sandbox: Sandbox, file: ParsedFile) -> tuple[list[Unit], list[UnitRefused]]:
    """The units worth trying, most promising first, and the refusals of the others."""
    traces = demo_calls(sandbox, file)
    plain = [*function_units(file, traces)]
    rest = [*operation_units(file, traces), *script_units(file)]
    functions = sorted((unit for unit in plain if isinstance(unit, Unit)), key=lambda u: u.rank)
    others = [unit for unit in rest if isinstance(unit, Unit)]
    refusals = [item for item in [*plain, *rest] if isinstance(item, UnitRefused)]
    methods_last = sorted(functions, key=lambda unit: unit.kind == "method" and bool(others))
    said, silent = _saying_what_is_asked(file, [*methods_last, *others])
    return said, [*refusals, *silent]


def _saying_what_is_asked(
    file: ParsedFile, units: Sequence[Unit]
) -> tuple[list[Unit], list[UnitRefused]]:
    """The units whose task the file states, no more functions than are tried, and the others."""
    said: list[Unit] = []
    silent: list[UnitRefused] = []
    for unit in units:
        try:
            task_of(file, unit)
            said.append(unit)
        except UnitRefused as refusal:
            silent.append(refusal)
    plain = [unit for unit in said if unit.kind in ("function", "method")]
    return [*plain[:_MAX_UNITS], *(unit for unit in said if unit not in plain)], silent


def _value(working: WorkingUnit) -> float:
    """Compares units of one file: a good profile, and some logic."""
    return working.score + 0.5 * working.unit.has_logic + 0.02 * min(working.unit.statements, 25)


def _draft(
    file: ParsedFile, working: WorkingUnit, sandbox: Sandbox, confirm: Sandbox
) -> ProgramDraft:
    """Write the program of a unit and verify it twice.

    Raises:
        UnitRefused: it does not hold.
    """
    program = program_source(working.unit, working.inputs, working.result)
    generator, forwards = verified(sandbox, program, generator_source(working.inputs))
    backwards = verify(confirm, program, generator, backwards=True)
    if list(map(canonical_pair, forwards.pairs)) != list(map(canonical_pair, backwards.pairs)):
        raise UnitRefused("not_verified", "two runs differ")
    statement = state_problem(
        file, working.unit, [name for name, _ in working.inputs], working.result
    )
    return ProgramDraft(
        main_function=program,
        io_description=description(working.inputs, working.result, statement.returns),
        input_generator=generator,
        problem_statement=statement.text,
        unit=working.unit.name,
        evidence=working.evidence,
        statement_source=statement.source,
    )


def canonical_pair(pair: tuple[object, object]) -> str:
    """One text for equal pairs of input and output."""
    return canonical([*pair])  # type: ignore[list-item]


def _why(
    units: Sequence[Unit],
    refusals: Sequence[UnitRefused],
    unheld: Sequence[UnitRefused],
    drafted: bool,
) -> dict[str, str]:
    """Reason and detail of a file without a draft."""
    if drafted:
        return {"reason": "", "detail": ""}
    if unheld:
        single = any(refusal.reason == "one_output" for refusal in unheld)
        reason = "one_output" if single else "not_verified"
        return {"reason": reason, "detail": f"{len(unheld)} units worked, none held"}
    if units:
        names = ", ".join(unit.name for unit in units[:5])
        return {"reason": "no_inputs_found", "detail": names}
    return _first_refusal(refusals)


def _first_refusal(refusals: Sequence[UnitRefused]) -> dict[str, str]:
    if not refusals:
        return {"reason": "no_function", "detail": ""}
    counts = Counter(refusal.reason for refusal in refusals)
    reason = next(_telling(counts))
    details = dict.fromkeys(r.detail for r in refusals if r.reason == reason)
    return {"reason": reason, "detail": ", ".join(details)[:200]}


def _telling(counts: Counter[str]) -> Iterator[str]:
    yield from (reason for reason in _REASONS if reason in counts)
    yield from (reason for reason, _ in counts.most_common())
