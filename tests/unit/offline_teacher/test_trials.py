"""Promises of the guest's trials: what a call gives, within which budget, and how it is told."""

import json
import subprocess
import sys
from typing import Any

import pytest

from codeio_ops.errors import NotJson
from codeio_ops.jsonvalue import Json
from offline_teacher.bundle import guest_program
from offline_teacher.guest.entry import run
from offline_teacher.guest.json_form import converted, form

DRAW = "import random\ndef input_generator():\n    return {'n': random.randint(1, 30)}\n"


class Node:
    """A node of a list."""

    def __init__(self, value: int, following: "Node | None" = None) -> None:
        self.value = value
        self.next = following


class Branch:
    """A node of a tree."""

    def __init__(self, key: int, left: "Branch | None" = None) -> None:
        self.key, self.left, self.right = key, left, None


@pytest.mark.parametrize(
    ("value", "kind", "found"),
    [
        (None, "none", None),
        ([1, {"a": 2.5}], "plain", [1, {"a": 2.5}]),
        ((1, "b"), "tuple", [1, "b"]),
        ({3, 1, 2}, "set", [1, 2, 3]),
        ({1: (2,)}, "mixed", {"1": [2]}),
        (Node(1, Node(2)), "linked:value", [1, 2]),
        (Branch(1, Branch(2)), "tree:key", [1, 2]),
    ],
)
def test_a_result_has_a_form_and_a_json_value(value: Any, kind: str, found: Any) -> None:
    assert (form(value), converted(value)) == (kind, found)


def test_a_list_without_an_end_has_no_json_value() -> None:
    ring = Node(1)
    ring.next = ring
    with pytest.raises(NotJson, match="too long"):
        converted(ring)


def tried(probe: str) -> Any:
    """The reply of the only profile of a unit."""
    unit: Json = {"programs": [probe], "profiles": [[0, DRAW]], "tries": 20, "wanted": 8}
    replies: Any = run(kind="try_units", job={"units": [unit], "enough": 1})
    ((reply,),) = replies
    return reply


def test_a_probe_is_called_on_distinct_inputs() -> None:
    reply = tried("def probe(n):\n    print(n)\n    return n % 5\n")
    assert len({call["input"]["n"] for call in reply["calls"]}) == len(reply["calls"]) >= 8
    assert all(call["printed"] == f"{call['input']['n']}\n" for call in reply["calls"])
    assert reply["errors"] == {}


def test_an_endless_probe_is_given_up_soon() -> None:
    reply = tried("def probe(n):\n    while True:\n        n += 1\n")
    assert (reply["calls"], reply["errors"]) == ([], {"BudgetSpent": 2})


def test_large_results_are_counted_and_left_out() -> None:
    reply = tried("def probe(n):\n    return 'x' * 200\n")
    assert (reply["calls"], reply["large"]) == ([], 5)


def verified(program: str, *, backwards: bool) -> Any:
    job = {"program": program, "generator": DRAW, "tries": 10, "backwards": backwards}
    return run(kind="verify", job=job)  # type: ignore[arg-type]


def test_hidden_state_shows_backwards() -> None:
    pure = "def main_solution(n):\n    return n * 2\n"
    assert verified(pure, backwards=False) == verified(pure, backwards=True)
    counting = "seen = []\ndef main_solution(n):\n    seen.append(n)\n    return len(seen)\n"
    assert verified(counting, backwards=False) != verified(counting, backwards=True)


def test_demo_code_shows_what_functions_receive() -> None:
    source = "import gone\ndef f(a, b):\n    return a\ngone.start(f)\nf((1, 2), {3: gone.x})\n"
    job = {"source": source, "examples": ["f([], 'z')"], "stubs": ["gone"]}
    found = bundled("demo_calls", job)
    assert found["errors"] == {}
    assert found["calls"]["f"] == [
        {"a": [[1, 2], "tuple"], "b": [None, "!dict"]},
        {"a": [[], "list"], "b": ["z", "str"]},
    ]


def test_the_bundle_needs_nothing_but_the_standard_library() -> None:
    code = "def main_solution(n):\n    return n + 1\n"
    call = {"code": code, "entry_point": "main_solution", "max_steps": 50}
    assert bundled("record_call", {**call, "arguments": {"n": 1}})["value"] == 2
    search = {"generator": DRAW, "wanted": 8, "literals": [], "candidates": 500, "seed": 1}
    assert bundled("find_input", {**call, **search})["input"] == {"n": 7}
    verification = {"program": code, "generator": DRAW, "tries": 3, "backwards": False}
    assert len(bundled("verify", verification)["pairs"]) == 3


def bundled(kind: str, job: dict[str, Any]) -> Any:
    """Do a job as the sandbox does, in a process that has neither packages nor this tree."""
    call = f"print(json.dumps(run(kind={kind!r}, job=json.loads({json.dumps(job)!r}))))"
    script = f"{guest_program().code}\n{call}\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-"], input=script, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)
