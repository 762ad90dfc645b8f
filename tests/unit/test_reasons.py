"""Every word and setting of the code has a meaning, and the pages of `docs/` have them all."""

import importlib.util
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType
from uuid import UUID

import pytest

from codeio_ops import errors
from codeio_ops.config import DECIDING, Acts, Settings, variable_of
from codeio_ops.config_reference import setting_lines
from codeio_ops.errors import CodeIOError, SettingsError, TerminalError, TransientError
from codeio_ops.reasons import DropReason, drop_reason_of
from codeio_ops.records import Drop
from codeio_ops.teacher.messages import CallFailure
from codeio_ops.verify.verdicts import AnswerVerdict

REPOSITORY = Path(__file__).parents[2]
# Leaves a row pending: it is not dropped.
PASSING = {CallFailure.RATE_LIMITED}
BASES = {CodeIOError, TransientError, TerminalError}
ERRORS = {
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, CodeIOError) and kind not in BASES
}
# Set by the stack for itself.
INTERNAL = {"CODEIO_TEACHER_URL", "CODEIO_TEACHER_KEY"}


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


@pytest.mark.parametrize("word", [*DropReason, *AnswerVerdict])
def test_every_word_says_what_it_means_and_what_to_do(word: DropReason | AnswerVerdict) -> None:
    assert word.meaning.endswith(".") and word.cure.endswith((".", "`."))


@pytest.mark.parametrize("reason", [r for r in DropReason if r.by])
def test_a_cure_names_the_ways_back(reason: DropReason) -> None:
    assert reason.by is not None
    for stage in reason.by.stages:
        assert f"`codeio requeue {stage} {reason}`" in reason.cure
    for name in reason.by.settings:
        assert name in DECIDING and variable_of(name) in reason.cure


def test_a_drop_holds_what_decided_it() -> None:
    drop = Drop(reason=DropReason.TRUNCATED, detail="")
    settings = Settings(max_tokens=7)
    assert drop.decided_by(settings) == {"max_tokens": 7, "teacher_truncated": "drop"}
    assert drop.decided_by(settings, UUID(int=1))["teacher"] == str(UUID(int=1))
    assert Drop(reason=DropReason.DUPLICATE, detail="").decided_by(settings, UUID(int=1)) == {}


def test_every_setting_that_decides_says_on_which_rows_it_acts() -> None:
    for line in setting_lines():
        assert not line.deciding or line.acts is not Acts.NONE, line.variable


def test_licences_that_no_file_can_state_are_refused() -> None:
    with pytest.raises(SettingsError, match="'MIT License' is no SPDX id"):
        Settings().replaced({"licences": ["MIT", "MIT License"]})
    assert Settings().replaced({"licences": ["MIT", "NOASSERTION"]}).licences


def test_every_failure_of_a_call_that_drops_a_row_is_a_drop_reason() -> None:
    assert {str(failure) for failure in set(CallFailure) - PASSING} <= set(DropReason)


def test_a_code_of_the_teacher_means_a_refusal() -> None:
    drop = Drop(reason=DropReason.REFUSED, code="reads_a_file", detail="")
    assert drop.word == "refused_reads_a_file"
    assert drop_reason_of(drop.word) is DropReason.REFUSED


def test_a_reason_of_another_version_is_none_of_ours() -> None:
    with pytest.raises(ValueError, match="odd"):
        drop_reason_of("odd")


def test_every_error_is_transient_or_terminal_and_says_its_usual_cure() -> None:
    for kind in ERRORS:
        assert issubclass(kind, TransientError | TerminalError)
        assert kind.usual_cure.endswith(".")


def test_the_page_for_operators_names_them_all(operations: str) -> None:
    for word in [*DropReason, *AnswerVerdict, *(kind.__name__ for kind in ERRORS)]:
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
