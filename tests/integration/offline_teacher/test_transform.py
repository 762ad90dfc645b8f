"""The offline transform in real sandboxes: one small source text for each technique."""

import ast
import re
from dataclasses import dataclass
from textwrap import dedent

import pytest

from codeio_ops.jsonvalue import canonical
from codeio_ops.sandbox.base import Limits, Program, Verdict
from codeio_ops.sandbox.pool import DockerSandbox
from offline_teacher.drafting import (
    DraftOutcome,
    ProgramDraft,
    draft_programs,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two sandboxes with different hash seeds."""

    first: DockerSandbox
    second: DockerSandbox

    def transform(self, source: str, *, max_drafts: int = 1) -> DraftOutcome:
        return draft_programs(
            dedent(source), sandbox=self.first, confirm=self.second, max_drafts=max_drafts
        )

    def draft(self, source: str) -> ProgramDraft:
        outcome = self.transform(source)
        assert outcome.drafts, (outcome.reason, outcome.detail)
        return outcome.drafts[0]


@pytest.fixture
def pair(sandbox: DockerSandbox, confirming: DockerSandbox) -> Pair:
    """Return two sandboxes with different hash seeds."""
    return Pair(first=sandbox, second=confirming)


ANNOTATED = '''
    def running_best(values: list[int], floor: int) -> list[int]:
        """Keep the best value seen so far at each place of a sequence.

        Args:
            values: The numbers to look through.
            floor: The least value that counts.

        Returns:
            The best values, place by place.
        """
        best, result = floor, []
        for value in values:
            best = max(best, value)
            result.append(best)
        return result
'''


def test_an_annotated_function_becomes_a_program(pair: Pair) -> None:
    draft = pair.draft(ANNOTATED)
    assert draft.unit == "running_best"
    assert draft.evidence == {"values": "annotation", "floor": "annotation"}
    assert draft.statement_source == "docstring"


def test_the_four_parts_have_their_promised_form(pair: Pair) -> None:
    draft = pair.draft(ANNOTATED)
    assert ast.parse(draft.main_function).body[-1].name == "main_solution"  # type: ignore[attr-defined]
    lines = draft.io_description.splitlines()
    assert lines[0] == "Input:" and lines[3] == "Output:"
    assert all(re.match(r"- `\w+` \([^:]+\): .+", line) for line in lines[1:3])
    assert re.match(r"- \(List\[int\]\): .+", lines[4])
    assert "`values`" in draft.problem_statement and "`floor`" in draft.problem_statement
    assert re.search(r"\b(what|which)\b.*\?$", draft.problem_statement)
    assert "```" not in draft.problem_statement and ">>>" not in draft.main_function


def test_the_generator_and_the_program_work_together(pair: Pair) -> None:
    draft = pair.draft(ANNOTATED)
    generator = Program(code=draft.input_generator, entry_point="input_generator")
    inputs = [result.value for result in pair.first.run(generator, [{}] * 15, limits=Limits())]
    assert len(set(map(canonical, inputs))) >= 10
    program = Program(code=draft.main_function, entry_point="main_solution")
    results = pair.first.run(program, inputs, limits=Limits())
    assert all(result.verdict is Verdict.OK for result in results)


def test_the_same_source_gives_the_same_draft(pair: Pair) -> None:
    assert pair.transform(ANNOTATED) == pair.transform(ANNOTATED)


def test_an_example_in_a_docstring_is_evidence(pair: Pair) -> None:
    draft = pair.draft('''
        def overlap(a, b):
            """Find what two collections share.

            >>> overlap([1, 5, 9], [5, 7])
            [5]
            """
            return [x for x in a if x in b]
    ''')
    assert draft.evidence["a"] == "trace"


def test_demo_code_shows_the_arguments(pair: Pair) -> None:
    draft = pair.draft("""
        import some_missing_package

        def longest(table):
            return max((len(name) * weight, name) for name, weight in table)[1]

        if __name__ == "__main__":
            print(longest([("pear", 3), ("fig", 7), ("melon", 2)]))
    """)
    assert draft.evidence == {"table": "trace"}
    assert "List[List[Union[str, int]]]" in draft.io_description


def test_python_2_is_repaired(pair: Pair) -> None:
    draft = pair.draft("""
        def digits(n):
            total = 0
            while n > 0:
                total += n % 10
                n = n / 10
            return total

        print digits(4711)
    """)
    assert draft.unit == "digits"


def test_a_linked_list_gets_a_codec(pair: Pair) -> None:
    draft = pair.draft("""
        class Solution:
            def reverse(self, head: ListNode) -> ListNode:
                previous = None
                while head:
                    head.next, previous, head = previous, head, head.next
                return previous
    """)
    assert "build_linked_list(head)" in draft.main_function
    assert "linked_list_values(result)" in draft.main_function


def test_a_tree_gets_a_codec(pair: Pair) -> None:
    draft = pair.draft("""
        def depth(root):
            if root is None:
                return 0
            return 1 + max(depth(root.left), depth(root.right))
    """)
    assert "build_tree(root)" in draft.main_function
    assert "binary tree in level order" in draft.io_description


def test_a_class_becomes_an_operation_log(pair: Pair) -> None:
    draft = pair.draft('''
        class Tally:
            """Counts how often each number was added."""

            def __init__(self):
                self.seen = {}

            def add(self, number: int):
                self.seen[number] = self.seen.get(number, 0) + 1
                return self.seen[number]

            def distinct(self):
                return len(self.seen)
    ''')
    assert draft.unit == "Tally (operation log)"
    assert "`operations`" in draft.problem_statement


def test_a_script_is_lifted(pair: Pair) -> None:
    draft = pair.draft("""
        # Print the prices to buy under a limit, and then the limit.
        prices = [4, 11, 6]
        limit = int(input("limit? "))
        for price in prices:
            if price <= limit:
                print("buy", price)
        print("end", limit)
    """)
    assert draft.evidence == {"prices": "lift", "limit": "lift"}
    assert "which lines are printed?" in draft.problem_statement


def test_a_change_in_place_is_the_result(pair: Pair) -> None:
    draft = pair.draft("""
        def bubble_sort(arr):
            for i in range(len(arr)):
                for j in range(len(arr) - 1):
                    if arr[j] > arr[j + 1]:
                        arr[j], arr[j + 1] = arr[j + 1], arr[j]
    """)
    assert draft.main_function.endswith("    bubble_sort(arr)\n    return arr\n")


def test_printed_lines_are_the_result(pair: Pair) -> None:
    draft = pair.draft("""
        def print_countdown(n):
            while n > 0:
                print("at", n)
                n -= 2
    """)
    assert "redirect_stdout" in draft.main_function


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def f(path):\n    return open(path).read()\n", "impure"),
        ("import random\ndef f(n):\n    return random.randint(0, n)\n", "impure"),
        ("import numbers_shop\ndef f(n):\n    return numbers_shop.price(n)\n", "missing_import"),
        ("def f(a, b):\n    return a + b\n", "nothing_asked"),
        ("def path_sum(a, b):\n    return 3\n", "no_inputs_found"),
        ("def path_sum(a, b):\n    return a == 'never' or b == 10**9\n", "no_inputs_found"),
        ("x = 1\n", "nothing_to_lift"),
        ("", "no_function"),
        ("def f(:\n", "unparsable"),
    ],
)
def test_a_file_without_a_program_has_a_reason(pair: Pair, source: str, reason: str) -> None:
    outcome = pair.transform(source)
    assert outcome.drafts == ()
    assert outcome.reason == reason


@pytest.mark.parametrize(
    "source",
    [
        "while True:\n    pass\n\ndef path_sum(x):\n    return x + 1\n",
        "import os\nos._exit(3)\n\ndef path_sum(x):\n    return x * 2\n",
        "def path_sum(n):\n    while True:\n        n += 1\n",
        "def path_sum(n):\n    while True:\n        try:\n            n += 1\n"
        "        except BaseException:\n            pass\n",
        "import sys\ndef path_sum(n):\n    return [0] * (10 ** 12)\n",
    ],
    ids=["endless_demo", "exits", "endless", "swallows", "memory"],
)
def test_a_hostile_file_does_no_harm(pair: Pair, source: str) -> None:
    pair.transform(source)
    assert pair.transform(ANNOTATED).drafts


def test_several_drafts_come_from_several_units(pair: Pair) -> None:
    source = "\n".join(
        f"def shifted_values_{i}(values):\n    return [v + {i} for v in values if v > {i}]\n"
        for i in range(4)
    )
    drafts = pair.transform(source, max_drafts=3).drafts
    assert len({draft.unit for draft in drafts}) == 3


def test_a_result_in_hash_order_is_refused(pair: Pair) -> None:
    outcome = pair.transform("""
        def unique_letters(text):
            return "".join(set(text.lower()))
    """)
    assert outcome.reason == "not_verified"
