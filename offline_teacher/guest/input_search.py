"""Looking for an input whose output is the wanted one: draw, compare, climb.

The wanted output comes from the prompt; the hidden input never enters here. All choices
come from one seeded generator, and all limits are counts.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from codeio_ops.jsonvalue import Json, within_size_rules
from codeio_ops.verify.compare import same_value
from offline_teacher.guest.distance import distance
from offline_teacher.guest.execution import PROGRAM, Budget, BudgetSpent, bounded, function, load
from offline_teacher.guest.json_form import copied
from offline_teacher.guest.mutation import Mutator
from offline_teacher.guest.recording import record_call

EVENTS_PER_CANDIDATE = 20_000
EVENTS_PER_SEARCH = 600_000
_MAX_LOG = 12
_DRAWS_FIRST = 60
_MAX_LIFTS = 6

Arguments = dict[str, Json]


@dataclass(slots=True)
class Search:
    """The state of one search.

    Attributes:
        tried: Candidates that were run.
        failed: Candidates on which the program raised or ran too long.
        log: The candidates that came closer than all before, with their outputs.
        best: The nearest candidate: distance, input, output.
        found: Whether `best` gives the wanted output.
    """

    tried: int = 0
    failed: int = 0
    log: list[Json] = field(default_factory=list)
    best: tuple[float, Arguments, Json] | None = None
    found: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchJob:
    """What a search works with."""

    call: Callable[..., object]
    draw: Callable[[], object]
    wanted: Json
    candidates: int
    mutator: Mutator


def find_input(
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
    """Find an input for the wanted output, then record the call with it.

    Returns:
        `found`, `tried`, `failed`, `log` ([input, output] of each candidate that came
        nearer), `input` and `output` of the nearest one or null, and `trace` of it.
    """
    source = random.Random(seed)
    job = SearchJob(
        call=function(load(code, PROGRAM), entry_point),
        draw=function(load(generator, "generator"), "input_generator"),
        wanted=wanted,
        candidates=candidates,
        mutator=Mutator(source, wanted, literals),
    )
    search = search_inputs(job, source)
    reply: dict[str, Json] = {
        "found": search.found,
        "tried": search.tried,
        "failed": search.failed,
        "log": search.log,
        "input": None,
        "output": None,
        "trace": None,
    }
    if search.best is not None:
        _, given, reply["output"] = search.best
        reply["input"] = given
        reply["trace"] = record_call(code, entry_point, given, max_steps)
    return reply


def search_inputs(job: SearchJob, source: random.Random) -> Search:
    """Try up to `candidates` inputs; stop at the first whose output is the wanted one."""
    search = Search()
    events = EVENTS_PER_SEARCH
    while search.tried < job.candidates and events > 0 and not search.found:
        candidate = _next_candidate(job, search, source)
        budget = Budget(min(EVENTS_PER_CANDIDATE, events), module=PROGRAM)
        _try(job, search, candidate, budget)
        events -= budget.used
    return search


def _next_candidate(job: SearchJob, search: Search, source: random.Random) -> Arguments:
    random.seed(source.getrandbits(48))
    if search.best is None or source.random() < (0.5 if search.tried < _DRAWS_FIRST else 0.2):
        drawn = job.draw()
        candidate: Arguments = dict(drawn) if isinstance(drawn, dict) else {}
        return job.mutator.lifted(candidate) if search.tried < _MAX_LIFTS else candidate
    return job.mutator.changed(search.best[1])


def _try(job: SearchJob, search: Search, candidate: Arguments, budget: Budget) -> None:
    search.tried += 1
    random.seed(0)
    try:
        if not within_size_rules(candidate):
            search.failed += 1
            return
        given = copied(candidate)
        assert isinstance(given, dict)
        output = copied(bounded(lambda: job.call(**given), budget))
    except (BudgetSpent, Exception, SystemExit):
        search.failed += 1
        return
    far = distance(output, job.wanted)
    search.found = same_value(output, job.wanted)
    nearer = search.best is None or far < search.best[0]
    if nearer or search.found:
        search.log = [*search.log, [candidate, output]][-_MAX_LOG:]
    if search.best is None or far <= search.best[0] or search.found:
        search.best = (far, candidate, output)
