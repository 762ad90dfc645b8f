"""Every word that the code counts by has a meaning, and the page for operators has them all."""

import ast
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType

import pytest

from codeio_ops import errors
from codeio_ops.reasons import REASONS, REFUSED, VERDICTS, meaning_of
from codeio_ops.teacher.messages import CallFailure
from codeio_ops.teacher.parsing import RefusalReason
from codeio_ops.verify.verdicts import AnswerVerdict

REPOSITORY = Path(__file__).parents[2]
# Leaves a row pending: it is not dropped.
PASSING = {CallFailure.RATE_LIMITED}


def _drop_reasons() -> set[str]:
    """Return the literals with which the code builds a `Drop`."""
    found = set()
    for path in (REPOSITORY / "codeio_ops").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Drop":
                (reason,) = [word.value for word in node.keywords if word.arg == "reason"]
                found |= _literals(reason)
    return found


def _literals(node: ast.expr) -> set[str]:
    match node:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.IfExp(body=body, orelse=orelse):
            return _literals(body) | _literals(orelse)
    return set()


@pytest.fixture(scope="module")
def operations() -> str:
    spec = importlib.util.spec_from_file_location("generate", REPOSITORY / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    generate: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules["generate"] = generate
    spec.loader.exec_module(generate)
    page: str = generate.operations()
    return page


def test_every_drop_reason_of_the_code_has_a_meaning() -> None:
    used = _drop_reasons()
    assert {"duplicate", "constant_output", "too_few_pairs"} <= used
    assert used - REASONS.keys() == set()


def test_every_reason_that_comes_from_an_enumeration_has_a_meaning() -> None:
    enumerated = {*RefusalReason, *CallFailure} - PASSING
    assert {str(reason) for reason in enumerated} - REASONS.keys() == set()


def test_a_code_of_the_teacher_means_a_refusal() -> None:
    assert meaning_of(f"{REFUSED}reads_a_file") == REASONS["refused"]


def test_every_verdict_has_a_meaning() -> None:
    assert VERDICTS.keys() == set(AnswerVerdict)


def test_the_page_for_operators_names_them_all(operations: str) -> None:
    kinds = [name for name, kind in inspect.getmembers(errors, inspect.isclass)]
    bases = {"CodeIOError", "TransientError", "TerminalError"}
    for word in [*REASONS, *VERDICTS, *(set(kinds) - bases)]:
        assert f"| `{word}` |" in operations


def test_the_committed_page_for_operators_is_what_the_code_says(operations: str) -> None:
    assert (REPOSITORY / "docs" / "operations.md").read_text() == operations, "run `make docs`"
