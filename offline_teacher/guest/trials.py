"""Calling programs on drawn inputs: the probes of units, and a finished program."""

import contextlib
import copy
import io
import json
import random
from collections.abc import Callable
from functools import partial
from typing import Any

from codeio_ops.jsonvalue import Json, check, within_size_rules
from offline_teacher.guest.execution import (
    PATIENCE_S,
    Budget,
    attempt,
    bounded,
    function,
    load,
)
from offline_teacher.guest.json_form import converted, copied, form

STEPS_PER_CALL = 10_000
STEPS_TO_LOAD = 50_000
_MAX_PRINTED = 4000
_SEARCH_SEED = 11
_VERIFY_SEED = 101

Arguments = dict[str, Json]
Reply = dict[str, Any]


def try_units(*, units: list[dict[str, Any]], enough: int) -> list[list[Reply]]:
    """Try units in order; stop after `enough` of them that are clearly good.

    Returns:
        For each unit that was tried, the replies of its profiles: `calls` that worked, `errors`
        by class, `tries`, and how many results were too `large`.
    """
    replies: list[list[Reply]] = []
    good = 0
    for unit in units:
        if good >= enough:
            break
        replies.append(_try_unit(**unit))
        good += bool(replies[-1]) and _clearly_good(replies[-1][-1], unit["wanted"])
    return replies


def _try_unit(
    *, programs: list[str], profiles: list[tuple[int, str]], tries: int, wanted: int
) -> list[Reply]:
    """Try profiles in order; stop at the first that is clearly good."""
    replies: list[Reply] = []
    for program, generator in profiles:
        reply: Reply = {"calls": [], "errors": {}, "tries": 0, "large": 0}
        trial = partial(_try_profile, programs[program], generator, reply, tries, wanted)
        attempt(trial, reply["errors"])
        replies.append(reply)
        if _clearly_good(reply, wanted):
            break
    return replies


def _try_profile(program: str, generator: str, reply: Reply, tries: int, wanted: int) -> None:
    probe = loaded(program, "probe", "probe")
    for given in drawn(generator, tries, seed=_SEARCH_SEED):
        reply["tries"] += 1
        call = attempt(partial(_observe, probe, given), reply["errors"])
        if call is not None and within_size_rules(call["value"]) and within_size_rules(given):
            reply["calls"].append(call)
        elif call is not None:
            reply["large"] += 1
        hopeless = reply["tries"] >= 5 or reply["errors"].get("BudgetSpent", 0) >= 2
        if not reply["calls"] and hopeless:
            return
        settled = reply["tries"] >= 2 * wanted or len(reply["calls"]) >= wanted
        if settled and len(set(_outcomes(reply["calls"]))) > 1:
            return


def loaded(code: str, module: str, name: str) -> Callable[..., Any]:
    """The function `name` of a module."""
    budget = Budget(STEPS_TO_LOAD, patience_s=PATIENCE_S)
    return function(bounded(partial(load, code, module), budget), name)


def drawn(generator: str, tries: int, *, seed: int) -> list[Arguments]:
    """Distinct inputs, in the order they are drawn."""
    draw = loaded(generator, "generator", "input_generator")
    random.seed(seed)
    found: dict[str, Arguments] = {}
    for _ in range(4 * tries):
        given = draw()
        found.setdefault(json.dumps(given, sort_keys=True), given)
        if len(found) >= tries:
            break
    return list(found.values())


def _called(call: Callable[[], Any]) -> tuple[Any, str]:
    """What one call returns and what it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = bounded(call, Budget(STEPS_PER_CALL, patience_s=PATIENCE_S))
    return result, printed.getvalue()


def _observe(probe: Callable[..., Any], given: Arguments) -> Reply:
    """What one call returns, which arguments it changes and what it prints."""
    arguments = copy.deepcopy(given)

    def call() -> tuple[Json, str]:
        result = probe(**arguments)
        kind = form(result)
        return converted(result), kind

    (value, kind), printed = _called(call)
    changed = {
        name: converted(after)
        for name, after in arguments.items()
        if isinstance(after, list | dict) and repr(after) != repr(given[name])
    }
    told = {"value": value, "changed": changed, "printed": printed[:_MAX_PRINTED]}
    check(told)
    return {"input": given, "form": kind, **told}


def _clearly_good(reply: Reply, wanted: int) -> bool:
    calls = reply["calls"]
    if len(calls) < wanted or sum(reply["errors"].values()) or reply["large"] > 1:
        return False
    echoes = sum(c["value"] in c["input"].values() for c in calls)
    silent = sum(c["value"] is None for c in calls if not c["changed"] and not c["printed"])
    if 2 * echoes > len(calls) or 2 * silent > len(calls):
        return False
    outcomes = _outcomes(calls)
    truths = all(isinstance(c["value"], bool) for c in calls)
    least = min(map(outcomes.count, outcomes))
    return len(set(outcomes)) >= 3 or (truths and len(set(outcomes)) == 2 and least >= 2)


def _outcomes(calls: list[Reply]) -> list[str]:
    """One text for equal outcomes."""
    return [json.dumps([c["value"], c["changed"], c["printed"]], sort_keys=True) for c in calls]


def verify(*, program: str, generator: str, tries: int, backwards: bool) -> Reply:
    """Call `main_solution` on drawn inputs; backwards, hidden state would show.

    Returns:
        `pairs` of input and output that obey the size rules, `errors` by class, and `tries`.
    """
    errors: dict[str, int] = {}
    solution = loaded(program, "solution", "main_solution")
    inputs = drawn(generator, tries, seed=_VERIFY_SEED)
    results: list[list[Json] | None] = [None] * len(inputs)
    order = range(len(inputs))
    for position in reversed(order) if backwards else order:
        results[position] = attempt(partial(solved, solution, inputs[position]), errors)
    pairs = [
        [given, *result]
        for given, result in zip(inputs, results, strict=True)
        if result is not None and within_size_rules(result[0])
    ]
    return {"pairs": pairs, "errors": errors, "tries": len(inputs)}


def solved(solution: Callable[..., Any], given: Arguments) -> list[Json]:
    """What a program returns for one input, as a list of one value."""
    result, _ = _called(partial(solution, **copy.deepcopy(given)))
    return [copied(result)]
