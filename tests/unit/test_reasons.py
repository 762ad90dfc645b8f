"""Every word and setting of the code has a meaning, and the pages of `docs/` have them all."""

import ast
import importlib.util
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from codeio_ops import errors
from codeio_ops.config_reference import setting_lines
from codeio_ops.reasons import REASONS, REFUSED, VERDICTS, meaning_of
from codeio_ops.teacher.messages import CallFailure
from codeio_ops.teacher.parsing import RefusalReason
from codeio_ops.verify.verdicts import AnswerVerdict

REPOSITORY = Path(__file__).parents[2]
# Leaves a row pending: it is not dropped.
PASSING = {CallFailure.RATE_LIMITED}
# Set by the stack for itself.
INTERNAL = {"CODEIO_TEACHER_URL", "CODEIO_TEACHER_KEY"}


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
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", REPOSITORY / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    sys.modules["generate"] = generate
    spec.loader.exec_module(generate)
    return generate


@pytest.fixture(scope="module")
def operations(generate: ModuleType) -> str:
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


def test_the_committed_table_of_settings_is_what_the_code_says(generate: ModuleType) -> None:
    assert (REPOSITORY / "docs" / "settings.md").read_text() == generate.settings(), (
        "run `make docs`"
    )


def test_the_page_about_teachers_names_settings_and_defaults_as_they_are() -> None:
    lines = {line.variable: line for line in setting_lines()}
    page = (REPOSITORY / "docs" / "teachers.md").read_text()
    named = set(re.findall(r"(?:CODEIO|OPENAI)_[A-Z0-9_]+", page))
    assert named - lines.keys() == set()
    about = ("CODEIO_TEACHER_", "CODEIO_REVISION_", "CODEIO_BUDGET_", "CODEIO_LOCAL_", "OPENAI_")
    assert {name for name in lines if name.startswith(about)} - INTERNAL - named == set()
    stated = re.findall(r"`((?:CODEIO|OPENAI)_[A-Z0-9_]+)` \(default `([^`]+)`\)", page)
    assert stated
    assert [(name, lines[name].default) for name, _ in stated] == stated
