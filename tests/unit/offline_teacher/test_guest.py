"""Promises of the modules that run inside the sandbox, on programs written here."""

import random
from collections import defaultdict

from codeio_ops.jsonvalue import Json
from offline_teacher.guest.distance import distance
from offline_teacher.guest.execution import function, load
from offline_teacher.guest.input_search import Search, SearchJob, search_inputs
from offline_teacher.guest.mutation import Mutator
from offline_teacher.guest.recording import record_call
from offline_teacher.guest.shown import shown
from offline_teacher.trace import Trace

SUM = """
def add(total, x):
    return total + x

def main_solution(n):
    total = 0
    for x in range(n):
        total = add(total, x)
    return total
"""
PRODUCT = "def main_solution(a, b):\n    return a * b"
DRAW = """
import random

def input_generator():
    return {"a": random.randint(1, 20), "b": random.randint(1, 20)}
"""


def record(code: str, arguments: dict[str, Json], steps: int = 1_000) -> Trace:
    return Trace.model_validate(record_call(code, "main_solution", arguments, steps))


def test_finished_call_has_its_value_and_every_line() -> None:
    trace = record(SUM, {"n": 3})
    assert (trace.finished, trace.has_value, trace.value) == (True, True, 3)
    assert trace.steps == 12
    top, *calls = trace.frames
    assert [frame.arguments for frame in calls] == [
        {"total": "0", "x": "0"},
        {"total": "0", "x": "1"},
        {"total": "1", "x": "2"},
    ]
    assert [frame.returned for frame in calls] == ["0", "1", "3"]
    assert top.states[-1] == {"n": "3", "total": "3", "x": "2"}
    assert all(frame.complete for frame in trace.frames)


def test_interrupted_call_answers_with_what_it_holds() -> None:
    trace = record(SUM, {"n": 100}, steps=30)
    assert not trace.finished
    assert trace.has_value
    assert isinstance(trace.value, int) and 0 < trace.value < 4950
    assert not trace.frames[0].complete


def test_interruption_cannot_finish_the_work_in_disguise() -> None:
    code = (
        "def f(n):\n    x = 0\n    while True:\n        x += 1\n\n"
        "def main_solution(n):\n    return f(n)"
    )
    trace = record(code, {"n": 1}, steps=20)
    assert (trace.finished, trace.has_value) == (False, False)


def test_endless_comprehension_is_interrupted_too() -> None:
    code = "def main_solution(n):\n    return sum(1 for _ in iter(int, 1))"
    assert not record(code, {"n": 1}, steps=20).finished


def test_program_that_swallows_the_interruption_is_still_unfinished() -> None:
    code = (
        "def main_solution(n):\n    x = 0\n    try:\n        for i in range(1000):\n"
        "            x = i\n    except BaseException:\n        pass\n    return x"
    )
    trace = record(code, {"n": 1}, steps=20)
    assert not trace.finished


def test_exit_is_an_error_and_no_result() -> None:
    trace = record("import sys\ndef main_solution(n):\n    sys.exit(0)", {"n": 1})
    assert not trace.has_value
    assert trace.error.startswith("SystemExit")
    assert trace.frames[0].raised == "SystemExit"


def test_value_outside_json_is_an_error() -> None:
    for result in ("{1, 2}", "float('nan')", "10 ** 30", "[[]] * 0 or object()"):
        trace = record(f"def main_solution(n):\n    return {result}", {"n": 1})
        assert not trace.has_value or trace.error, result


def test_arguments_are_copied_before_the_call() -> None:
    given: dict[str, Json] = {"xs": [3, 1, 2]}
    record("def main_solution(xs):\n    xs.sort()\n    return xs", given)
    assert given == {"xs": [3, 1, 2]}


def test_long_run_keeps_a_bounded_record() -> None:
    code = "def main_solution(n):\n    x = 0\n    for i in range(n):\n        x += i\n    return x"
    raw = record_call(code, "main_solution", {"n": 50_000}, 200_000)
    assert raw["finished"] and raw["value"] == 1249975000
    assert len(str(raw)) < 1_000_000


def test_values_are_short_stable_and_without_addresses() -> None:
    class Thing:
        pass

    assert " at 0x" not in shown([Thing(), Thing()])
    assert "Thing" in shown(Thing())
    assert shown(defaultdict(lambda: 0, a=1)) == "defaultdict(<lambda>, {'a': 1})"
    assert shown(x for x in "ab") == "<genexpr>"
    assert shown({"b", "a", "c"}) == "{'a', 'b', 'c'}"
    assert len(shown("x" * 10_000)) <= 200
    assert len(shown(list(range(10_000)))) <= 200
    assert shown(10**1000).startswith("<int of")


def search(candidates: int, seed: int = 1, *, code: str = PRODUCT, wanted: int = 323) -> Search:
    source = random.Random(seed)
    job = SearchJob(
        call=function(load(code, "program"), "main_solution"),
        draw=function(load(DRAW, "generator"), "input_generator"),
        wanted=wanted,
        candidates=candidates,
        mutator=Mutator(source, wanted, []),
    )
    return search_inputs(job, source)


def test_search_finds_an_input_and_says_how_many_it_tried() -> None:
    result = search(1_500)
    assert result.found
    assert result.best is not None
    _, found, output = result.best
    assert output == 323
    assert isinstance(found["a"], int) and isinstance(found["b"], int)
    assert found["a"] * found["b"] == 323


def test_search_is_the_same_every_time() -> None:
    assert search(40).log == search(40).log
    assert search(40).log != search(40, seed=2).log


def test_search_stops_at_its_budget() -> None:
    assert search(3).tried <= 3


def test_candidates_that_fail_are_counted_and_passed_over() -> None:
    code = "def main_solution(a, b):\n    while a: pass\n    raise ValueError"
    result = search(5, code=code, wanted=1)
    assert (result.tried, result.failed, result.best) == (5, 5, None)


def test_distance_is_zero_only_for_equal_values() -> None:
    assert distance([1, "a", {"b": 2.0}], [1, "a", {"b": 2.0}]) == 0
    assert distance([1, 2], [1, 3]) > 0
    assert distance(True, 1) > 0
    assert distance([1, 2, 3], [1, 2]) > distance([1, 2], [1, 2])


def test_mutations_keep_types_and_size_limits() -> None:
    mutator = Mutator(random.Random(3), [1, "ab"], ["zz"])
    arguments: dict[str, Json] = {"n": 3, "s": "abc", "xs": [1, 2], "f": True, "d": {"k": 1.5}}
    for _ in range(200):
        changed = mutator.changed(arguments)
        assert changed.keys() == arguments.keys()
        assert all(type(changed[key]) is type(arguments[key]) for key in arguments)
    assert arguments == {"n": 3, "s": "abc", "xs": [1, 2], "f": True, "d": {"k": 1.5}}
