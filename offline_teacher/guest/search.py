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
from offline_teacher.guest.mutation import Mutator
from offline_teacher.guest.programs import (
    BudgetSpent,
    Counter,
    counted_call,
    function,
    load,
)

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
class Hunt:
    """What a search works with."""

    call: Callable[..., object]
    draw: Callable[[], object]
    wanted: Json
    candidates: int
    mutator: Mutator


def find_input(
    code: str,
    entry_point: str,
    *,
    generator: str,
    wanted: Json,
    literals: list[Json],
    candidates: int,
    seed: int,
) -> Search:
    """Try up to `candidates` inputs; stop at the first whose output is the wanted one."""
    source = random.Random(seed)
    hunt = Hunt(
        call=function(load(code), entry_point),
        draw=function(load(generator), "input_generator"),
        wanted=wanted,
        candidates=candidates,
        mutator=Mutator(source, wanted, literals),
    )
    search = Search()
    events = EVENTS_PER_SEARCH
    while search.tried < candidates and events > 0 and not search.found:
        candidate = _next_candidate(hunt, search, source)
        counter = Counter(min(EVENTS_PER_CANDIDATE, events))
        _try(hunt, search, candidate, counter)
        events -= counter.used
    return search


def _next_candidate(hunt: Hunt, search: Search, source: random.Random) -> Arguments:
    random.seed(source.getrandbits(48))
    if search.best is None or source.random() < (0.5 if search.tried < _DRAWS_FIRST else 0.2):
        drawn = hunt.draw()
        candidate: Arguments = dict(drawn) if isinstance(drawn, dict) else {}
        return hunt.mutator.lifted(candidate) if search.tried < _MAX_LIFTS else candidate
    return hunt.mutator.changed(search.best[1])


def _try(hunt: Hunt, search: Search, candidate: Arguments, counter: Counter) -> None:
    search.tried += 1
    random.seed(0)
    try:
        if not within_size_rules(candidate):
            search.failed += 1
            return
        output = counted_call(hunt.call, candidate, counter)
    except (BudgetSpent, Exception, SystemExit):
        search.failed += 1
        return
    far = distance(output, hunt.wanted)
    search.found = same_value(output, hunt.wanted)
    nearer = search.best is None or far < search.best[0]
    if nearer or search.found:
        search.log = [*search.log, [candidate, output]][-_MAX_LOG:]
    if search.best is None or far <= search.best[0] or search.found:
        search.best = (far, candidate, output)
