"""Parsing and the closure of definitions, hostile and broken files included."""

import pytest

from offline_teacher.drafting.closure import close_over
from offline_teacher.drafting.parse import parse_file
from offline_teacher.drafting.refusal import UnitRefused


def refusal_of(source: str, root: str) -> str:
    with pytest.raises(UnitRefused) as caught:
        close_over(parse_file(source), root)
    return caught.value.reason


def test_python_2_is_repaired() -> None:
    file = parse_file("def f(n):\n    print 'a', n\n    return n.has_key(1)\n")
    assert file.repair == "python2"
    assert "print('a', n)" in file.source


def test_mixed_tabs_are_expanded() -> None:
    file = parse_file("def f(n):\n        if n:\n\t\treturn 1\n        return 2\n")
    assert file.repair == "tabs"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def f(:\n", "unparsable"),
        ("x = " + "(" * 5000 + ")" * 5000, "unparsable"),
        ("x = " + "-" * 3000 + "1", "too_deep"),
        ("x = " + "1+" * 3000 + "1", "too_deep"),
        ("x = '" + "a" * 120_000 + "'", "too_long"),
        ("x = " + "9" * 50_000, "unparsable"),
        ("\ud800 = 1", "unparsable"),
    ],
    ids=["broken", "nested", "deep", "chain", "long", "digits", "surrogate"],
)
def test_a_hostile_file_is_refused_with_a_reason(source: str, reason: str) -> None:
    with pytest.raises(UnitRefused) as caught:
        parse_file(source)
    assert caught.value.reason in (reason, "too_deep", "unparsable")


def test_nul_bytes_are_dropped() -> None:
    assert "f" in parse_file("def f():\n    return 1\x00\n").definitions


def test_the_closure_holds_what_is_needed_in_the_order_of_the_file() -> None:
    source = (
        "import math\nimport os\nLIMIT = 3\nOTHER = 4\n\n"
        "def helper(x):\n    return math.sqrt(x) + LIMIT\n\n"
        "def unused():\n    return OTHER\n\n"
        "def f(x):\n    # keeps its comments\n    return helper(x)\n"
    )
    closure = close_over(parse_file(source), "f")
    assert closure.imports == ("import math",)
    assert [block.split("(")[0] for block in closure.blocks] == ["LIMIT = 3", "def helper", "def f"]
    assert "# keeps its comments" in closure.text


def test_usual_names_are_imported_for_the_author() -> None:
    closure = close_over(parse_file("def f(x: List[int]):\n    return Counter(x)\n"), "f")
    assert closure.imports == ("from collections import Counter", "from typing import List")


def test_a_star_import_is_narrowed() -> None:
    source = "from math import *\ndef f(x):\n    return cos(x)\n"
    assert close_over(parse_file(source), "f").imports == ("from math import cos",)


def test_an_imported_node_class_is_left_to_the_codec() -> None:
    source = "from shop.tree import TreeNode\ndef f(r: TreeNode):\n    return r.left\n"
    closure = close_over(parse_file(source), "f")
    assert closure.imports == ()
    assert closure.node_classes == ("TreeNode",)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("open('x')", "impure"),
        ("input()", "impure"),
        ("os.getcwd()", "impure"),
        ("random.random()", "impure"),
        ("sys.stdin.read()", "impure"),
        ("datetime.datetime.now()", "impure"),
        ("eval('1')", "impure"),
        ("shop.price()", "missing_import"),
        ("nowhere(1)", "undefined_name"),
    ],
)
def test_impure_or_incomplete_code_is_refused(body: str, reason: str) -> None:
    source = f"import os, sys, random, datetime, shop\ndef f(x):\n    return {body}\n"
    assert refusal_of(source, "f") == reason
