"""What drafting needs done in the sandbox: run demo code, try profiles of units, verify a program.

Everything that decides is a count, never a time, so the same file gives the same result at any
load. The CPU limit is a safety net far beyond what the counts allow.
"""

import ast
import heapq
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox.base import Limits, Sandbox
from offline_teacher.bundle import run_guest
from offline_teacher.drafting.emit import probe_source
from offline_teacher.drafting.evidence import Observed, Traces
from offline_teacher.drafting.generators import generator_source
from offline_teacher.drafting.parse import ParsedFile
from offline_teacher.drafting.purity import ALLOWED_MODULES
from offline_teacher.drafting.results import (
    ProfileReply,
    ResultForm,
    read_profile,
    result_of,
    score,
)
from offline_teacher.drafting.specs import Spec
from offline_teacher.drafting.units import Unit

MAX_PROFILES = 8
_TRIES = 60
_WANTED = 8
_VERIFY_TRIES = 30
_RARE_TRIES = 1_200
_RARE_WANTED = 8
_MAX_EXAMPLES = 40
_LIMITS = Limits(cpu_s=6.0, output_bytes=4_000_000)
_PROMPT = re.compile(r"^\s*(>>>|\.\.\.) ?(.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingUnit:
    """A unit with inputs that work.

    Attributes:
        unit: The unit.
        inputs: Name and spec of each input.
        evidence: Where the type of each input comes from.
        result: What comes out.
        score: How good the profile is; compares profiles of one unit.
    """

    unit: Unit
    inputs: tuple[tuple[str, Spec], ...]
    evidence: dict[str, str]
    result: ResultForm
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A verification run: input and output of each call that worked, and how many did not."""

    pairs: tuple[tuple[Json, Json], ...]
    errors: int
    endless: int
    tries: int


def demo_calls(sandbox: Sandbox, file: ParsedFile) -> Traces:
    """Run the file's demo code and docstring examples; empty where there are none."""
    examples = list(_examples(file))[:_MAX_EXAMPLES]
    if not file.definitions or not (examples or _calls_something(file)):
        return {}
    stubs = [root for root in file.imported_roots if root not in ALLOWED_MODULES]
    job: dict[str, Json] = {"source": file.source, "examples": [*examples], "stubs": [*stubs]}
    reply = run_guest(sandbox, "demo_calls", [job], limits=_LIMITS)[0].value
    calls = reply.get("calls") if isinstance(reply, dict) else None
    return _read_calls(calls if isinstance(calls, dict) else {})


def _calls_something(file: ParsedFile) -> bool:
    return any(isinstance(node, ast.Call) for part in file.demo for node in ast.walk(part))


def _examples(file: ParsedFile) -> Iterator[str]:
    """The statements of the interactive examples in docstrings, one text for each."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            yield from _statements(ast.get_docstring(node) or "")


def _statements(docstring: str) -> Iterator[str]:
    statement: list[str] = []
    for line in docstring.split("\n"):
        match = _PROMPT.match(line)
        if statement and (match is None or match[1] == ">>>"):
            yield "\n".join(statement)
            statement = []
        if match and (match[1] == ">>>" or statement):
            statement.append(match[2])
    if statement:
        yield "\n".join(statement)


def _read_calls(calls: dict[str, Json]) -> Traces:
    """The traced calls; values of another shape are left out."""
    traces: dict[str, list[dict[str, Observed]]] = {}
    for name, items in calls.items():
        for call in items if isinstance(items, list) else []:
            if isinstance(call, dict):
                traces.setdefault(name, []).append(_read_call(call))
    return traces


def _read_call(call: dict[str, Json]) -> dict[str, Observed]:
    found = {}
    for name, item in call.items():
        match item:
            case [value, str(kind)]:
                found[name] = Observed(value=value, kind=kind)
    return found


def profiles(unit: Unit, cap: int = MAX_PROFILES) -> list[tuple[int, ...]]:
    """Choices of one candidate for each parameter, likeliest first.

    Ordered by the sum of ranks; the two profiles in which all parameters take their next
    candidate come early, as parameters of one function tend to change together.
    """
    sizes = [len(parameter.candidates) for parameter in unit.parameters]
    start = (0,) * len(sizes)
    heap, seen, found = [(0, start)], {start}, list[tuple[int, ...]]()
    while heap and len(found) < cap:
        _, choice = heapq.heappop(heap)
        found.append(choice)
        for place, size in enumerate(sizes):
            bumped = (*choice[:place], choice[place] + 1, *choice[place + 1 :])
            if bumped[place] < size and bumped not in seen:
                seen.add(bumped)
                heapq.heappush(heap, (sum(bumped), bumped))
    for step in (1, 2):
        together = tuple(min(step, size - 1) for size in sizes)
        if together not in found:
            found.insert(min(len(found), 2 + step), together)
    return found[:cap]


def _inputs(unit: Unit, choice: Sequence[int]) -> tuple[tuple[str, Spec], ...]:
    return tuple(
        (parameter.name, parameter.candidates[place].spec)
        for parameter, place in zip(unit.parameters, choice, strict=True)
    )


def working_units(sandbox: Sandbox, units: Sequence[Unit], *, enough: int) -> list[WorkingUnit]:
    """Try the profiles of each unit; the best working one of each, in the order of `units`.

    Stops after `enough` units that are clearly good.
    """
    described = [_describe(unit) for unit in units]
    whole: dict[str, Json] = {"units": [*described], "enough": enough}
    replies = run_guest(sandbox, "try_units", [whole], limits=_LIMITS)[0].value
    if not isinstance(replies, list):
        replies = _one_by_one(sandbox, described)
    found = [_best_profile(unit, reply) for unit, reply in zip(units, replies, strict=False)]
    return [working for working in found if working is not None]


def _one_by_one(sandbox: Sandbox, described: Sequence[Json]) -> list[Json]:
    """Search each unit in a job of its own: one of them broke the common job."""
    jobs: list[dict[str, Json]] = [{"units": [unit], "enough": 1} for unit in described]
    results = run_guest(sandbox, "try_units", jobs, limits=_LIMITS)
    return [r.value[0] if isinstance(r.value, list) and r.value else None for r in results]


def _describe(unit: Unit) -> Json:
    """The job of one unit: its probes, and profiles as pairs of probe and generator."""
    programs: dict[str, int] = {}
    rows: list[Json] = []
    for choice in profiles(unit):
        inputs = _inputs(unit, choice)
        probe = probe_source(unit, inputs)
        rows.append([programs.setdefault(probe, len(programs)), generator_source(inputs)])
    return {"programs": list(programs), "profiles": rows, "tries": _TRIES, "wanted": _WANTED}


def _best_profile(unit: Unit, reply: Json) -> WorkingUnit | None:
    best: WorkingUnit | None = None
    for choice, item in zip(profiles(unit), reply if isinstance(reply, list) else [], strict=False):
        working = _scored(unit, choice, read_profile(item))
        if working is not None and (best is None or working.score > best.score):
            best = working
    return best


def _scored(unit: Unit, choice: tuple[int, ...], reply: ProfileReply) -> WorkingUnit | None:
    result = result_of(reply.calls)
    value = None if result is None else score(reply, result, sum(choice))
    if result is None or value is None:
        return None
    chosen = zip(unit.parameters, choice, strict=True)
    return WorkingUnit(
        unit=unit,
        inputs=_inputs(unit, choice),
        evidence={p.name: p.candidates[place].source for p, place in chosen},
        result=result,
        score=value,
    )


def verify(sandbox: Sandbox, program: str, generator: str, *, backwards: bool) -> Checked:
    """Call the finished program on inputs drawn from a fixed seed."""
    job: dict[str, Json] = {
        "program": program,
        "generator": generator,
        "tries": _VERIFY_TRIES,
        "backwards": backwards,
    }
    reply = run_guest(sandbox, "verify", [job], limits=_LIMITS)[0].value
    fields = reply if isinstance(reply, dict) else {}
    errors, tries = fields.get("errors"), fields.get("tries")
    counts = errors if isinstance(errors, dict) else {}
    numbers = {key: count for key, count in counts.items() if isinstance(count, int)}
    return Checked(
        pairs=tuple(_read_pairs(fields.get("pairs"))),
        errors=sum(numbers.values()),
        endless=numbers.get("BudgetSpent", 0),
        tries=tries if isinstance(tries, int) else 0,
    )


def rare_inputs(sandbox: Sandbox, program: str, generator: str) -> list[Json]:
    """Inputs of the generator whose output is not the most frequent one; few of each output."""
    job: dict[str, Json] = {
        "program": program,
        "generator": generator,
        "tries": _RARE_TRIES,
        "wanted": _RARE_WANTED,
    }
    reply = run_guest(sandbox, "rare_inputs", [job], limits=_LIMITS)[0].value
    return [given for given in reply if isinstance(given, dict)] if isinstance(reply, list) else []


def _read_pairs(pairs: Json) -> Iterator[tuple[Json, Json]]:
    for pair in pairs if isinstance(pairs, list) else []:
        if isinstance(pair, list) and len(pair) == 2:
            yield pair[0], pair[1]
