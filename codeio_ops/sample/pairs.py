"""The sample stage: input/output pairs of a program, by running it in the sandbox.

Source of the figures: arXiv 2502.07316, section 2.1, and its reference implementation.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from uuid import UUID

from codeio_ops.config import Settings
from codeio_ops.errors import ProgramFault
from codeio_ops.jsonvalue import Json, canonical, within_size_rules
from codeio_ops.progress import tracked
from codeio_ops.reasons import DropReason
from codeio_ops.records import Drop, DropRecord, IoPair, Record
from codeio_ops.sample.measures import Observed
from codeio_ops.sample.surroundings import surroundings_of
from codeio_ops.sandbox.base import Limits, Program, RunResult, Sandbox, StoredProgram, Verdict
from codeio_ops.storage.shards import Shard
from codeio_ops.unified_form import INPUT_GENERATOR
from codeio_ops.work import Work

log = logging.getLogger(__name__)

# Draws in the first request; each further one doubles, for programs that refuse most inputs.
_FIRST_DRAWS = 16
_MOST_DRAWS = 128
# A program that keeps timing out costs more than its pairs are worth.
_MAX_TIMEOUTS = 3
_FLUSH_PROGRAMS = 20
# Problems of a draw that are reasons of their own where no draw gave a pair.
_KEPT = frozenset({"load_error", "timeout", "memory_limit", "not_json", "too_large"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingProgram(StoredProgram):
    """A program to sample; the columns of `codeio.pending_sample`."""

    input_generator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An input, what the program returned for it, and how long that took."""

    given: Json
    output: Json
    wall_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """What sampling made of a program: pairs or a reason for none, and what it showed."""

    outcome: list[Pair] | Drop
    observed: Observed


def sample_programs(shard: Shard, work: Work) -> Counter[str]:
    """Sample the pending programs of the shard; each ends with pairs or a drop record.

    Returns:
        Counts: `sampled`, `pairs`, and one for each drop reason.

    Raises:
        SandboxFault: a sandbox failed on harmless programs too; what was sampled before
            is stored. A program that alone makes it fail is dropped as `sandbox_fault`.
    """
    sandbox, writer = work.sandbox, work.sandbox_writer
    pending = work.rows(shard, PendingProgram)
    counts: Counter[str] = Counter()
    unwritten: list[Record] = []
    sampler = Sampler(sandbox, work.confirming_sandbox, work.settings)
    with ThreadPoolExecutor(sandbox.workers) as threads:
        outcomes = threads.map(sampler.sample, pending)
        try:
            for number, (program, sampled) in enumerate(
                tracked(zip(pending, outcomes, strict=True), total=len(pending), what="programs"),
                start=1,
            ):
                unwritten += _records(program, sampled, work.settings, writer.run.stage_run_id)
                counts += _counts(sampled.outcome)
                if number % _FLUSH_PROGRAMS == 0:
                    writer.write(unwritten)
                    unwritten = []
        finally:
            writer.write(unwritten)
    log.info("sampled %s: %s", shard.name, dict(counts), extra={"action": "sample"})
    return counts


class _Purse:
    """The wall-clock time that the calls of one program may take."""

    def __init__(self, seconds: float) -> None:
        self.left_s = seconds

    @property
    def empty(self) -> bool:
        return self.left_s <= 0

    def pay(self, results: Sequence[RunResult]) -> None:
        self.left_s -= sum(result.wall_ms for result in results) / 1000


class Sampler:
    """Draws pairs of one program after another."""

    def __init__(self, sandbox: Sandbox, confirming: Sandbox, settings: Settings) -> None:
        self._sandbox = sandbox
        self._confirming = confirming
        self._settings = settings
        self._limits = Limits(cpu_s=settings.sample_cpu_s)

    def sample(self, program: PendingProgram) -> Sampled:
        """Return distinct pairs that a second run confirms, or why there are too few.

        Raises:
            SandboxFault: a sandbox failed on harmless programs too.
        """
        observed = Observed()
        try:
            outcome = self._outcome(program, observed)
        except ProgramFault as fault:
            # Tried again it would fail again, and the whole shard with it.
            outcome = Drop(reason=DropReason.SANDBOX_FAULT, detail=str(fault))
        return Sampled(outcome=outcome, observed=observed)

    def _outcome(self, program: PendingProgram, observed: Observed) -> list[Pair] | Drop:
        if read := surroundings_of(program.main_function, program.language):
            return Drop(reason=DropReason.SURROUNDINGS, detail=read)
        purse = _Purse(self._settings.sample_wall_s)
        pairs, failures = self._collect(program, observed, purse)
        if purse.empty and len(pairs) < self._settings.pairs_per_program:
            return Drop(reason=DropReason.TOO_SLOW, detail=f"{len(pairs)} pairs by then")
        if len(pairs) < self._settings.min_pairs:
            return _too_few(pairs, failures)
        if len({canonical(pair.output) for pair in pairs}) == 1:
            return Drop(
                reason=DropReason.CONSTANT_OUTPUT, detail=f"one output for {len(pairs)} inputs"
            )
        changed = self._unconfirmed(program, pairs)
        if changed:
            return Drop(
                reason=DropReason.NONDETERMINISTIC, detail=f"{changed} of {len(pairs)} pairs"
            )
        return pairs

    def _collect(
        self, program: PendingProgram, observed: Observed, purse: _Purse
    ) -> tuple[list[Pair], Counter[str]]:
        wanted = self._settings.pairs_per_program
        pairs: list[Pair] = []
        failures: Counter[str] = Counter()
        for inputs in self._draws(program, failures, purse):
            results = self._pay(purse, program.program, inputs, program.seed)
            observed.add_costs(results)
            for given, result in zip(inputs, results, strict=True):
                problem = _problem(result)
                if problem:
                    failures[problem] += 1
                    continue
                observed.add_output(result)
                if len(pairs) < wanted:
                    pairs.append(Pair(given=given, output=result.value, wall_ms=result.wall_ms))
            if len(pairs) == wanted or purse.empty or failures[Verdict.TIMEOUT] >= _MAX_TIMEOUTS:
                break
        return pairs, failures

    def _draws(
        self, program: PendingProgram, failures: Counter[str], purse: _Purse
    ) -> Iterator[list[Json]]:
        """Yield batches of new inputs that keep the size rules, from at most `max_draws` draws."""
        generator = Program(
            code=program.input_generator, entry_point=INPUT_GENERATOR, language=program.language
        )
        seen: set[str] = set()
        drawn, size = 0, _FIRST_DRAWS
        while drawn < self._settings.max_draws:
            size = min(size, self._settings.max_draws - drawn)
            results = self._pay(purse, generator, [{}] * size, program.seed + drawn)
            fresh = [r.value for r in results if _is_new_input(r, seen, failures)]
            # No generator deserves 1,000 chances to fail: the first batch shows enough, and of
            # one that repeats itself a full batch.
            repeats = size == _MOST_DRAWS and not fresh
            if not seen or repeats or failures["generator_timeout"] >= _MAX_TIMEOUTS:
                return
            if purse.empty:
                return
            drawn, size = drawn + size, min(2 * size, _MOST_DRAWS)
            if fresh:
                yield fresh

    def _pay(
        self, purse: _Purse, program: Program, inputs: list[Json], seed: int
    ) -> list[RunResult]:
        limits = replace(self._limits, total_s=purse.left_s)
        results = self._sandbox.run(program, inputs, limits=limits, seed=seed)
        purse.pay(results)
        return results

    def _unconfirmed(self, program: PendingProgram, pairs: list[Pair]) -> int:
        """Count pairs that come out otherwise in another container, order and seed."""
        reverse = pairs[::-1]
        inputs = [pair.given for pair in reverse]
        results = self._confirming.run(
            program.program, inputs, limits=self._limits, seed=program.seed + 1
        )
        return sum(
            result.verdict is not Verdict.OK or canonical(result.value) != canonical(pair.output)
            for pair, result in zip(reverse, results, strict=True)
        )


def _is_new_input(result: RunResult, seen: set[str], failures: Counter[str]) -> bool:
    if result.verdict is not Verdict.OK:
        failures[f"generator_{result.verdict}"] += 1
    elif not isinstance(result.value, dict):
        failures["generator_not_object"] += 1
    elif not within_size_rules(result.value):
        failures["input_too_large"] += 1
    else:
        key = canonical(result.value)
        new = key not in seen
        seen.add(key)
        return new
    return False


def _problem(result: RunResult) -> str:
    if result.verdict is not Verdict.OK:
        return result.verdict
    if result.value is None:
        return "null_output"
    return "" if within_size_rules(result.value) else "too_large"


def _too_few(pairs: list[Pair], failures: Counter[str]) -> Drop:
    """Name the reason that stands for most of the failed draws."""
    detail = ", ".join(f"{count} {reason}" for reason, count in failures.most_common())
    worst = failures.most_common(1)[0][0] if failures else ""
    return Drop(
        reason=DropReason(worst) if worst in _KEPT and not pairs else DropReason.TOO_FEW_PAIRS,
        detail=f"{len(pairs)} pairs; {detail or 'no other input'}",
    )


def _counts(outcome: list[Pair] | Drop) -> Counter[str]:
    if isinstance(outcome, Drop):
        return Counter({outcome.word: 1})
    return Counter(sampled=1, pairs=len(outcome))


def _records(
    program: PendingProgram, sampled: Sampled, settings: Settings, stage_run_id: UUID
) -> list[Record]:
    measure = sampled.observed.measure(program.program_id, stage_run_id)
    facts: list[Record] = [measure] if measure else []
    outcome = sampled.outcome
    if isinstance(outcome, Drop):
        return [
            *facts,
            DropRecord.new(
                outcome,
                stage="sample",
                subject_id=program.program_id,
                stage_run_id=stage_run_id,
                decided_by=outcome.decided_by(settings),
            ),
        ]
    pairs = [
        IoPair.new(
            program_id=program.program_id,
            ordinal=ordinal,
            given=pair.given,
            output=pair.output,
            wall_ms=pair.wall_ms,
            stage_run_id=stage_run_id,
        )
        for ordinal, pair in enumerate(outcome)
    ]
    return [*facts, *pairs]
