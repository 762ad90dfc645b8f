"""Inputs on which a program gives something else than it mostly does."""

import json
from collections import Counter
from functools import partial

from codeio_ops.jsonvalue import Json, within_size_rules
from offline_teacher.guest.execution import attempt
from offline_teacher.guest.trials import Arguments, drawn, loaded, solved

_SEED = 211
_PER_OUTPUT = 4


def rare_inputs(*, program: str, generator: str, tries: int, wanted: int) -> list[Arguments]:
    """Draw inputs and keep those, at most `wanted`, whose output is not the most frequent one."""
    errors: dict[str, int] = {}
    solution = loaded(program, "solution", "main_solution")
    found: list[tuple[str, Arguments]] = []
    for given in drawn(generator, tries, seed=_SEED):
        result = attempt(partial(solved, solution, given), errors)
        if result is not None and _usable(given, result[0]):
            found.append((json.dumps(result[0], sort_keys=True), given))
    return _not_the_usual(found)[:wanted]


def _usable(given: Arguments, output: Json) -> bool:
    return output is not None and within_size_rules(output) and within_size_rules(given)


def _not_the_usual(found: list[tuple[str, Arguments]]) -> list[Arguments]:
    counts = Counter(output for output, _ in found)
    usual = counts.most_common(1)[0][0] if counts else ""
    kept: Counter[str] = Counter({usual: _PER_OUTPUT})
    rare: list[Arguments] = []
    for output, given in found:
        if kept[output] < _PER_OUTPUT or (output != usual and len(counts) == 2):
            kept[output] += 1
            rare.append(given)
    return rare
