"""An error is one line with its cure on stderr, and nothing on stdout."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from codeio_ops.cli.output import plain, print_rows, print_text, render_error, say
from codeio_ops.config import Settings
from codeio_ops.errors import CodeIOError, SettingsError, StackError, StoreRefused

REPOSITORY = Path(__file__).parents[3]


def _run(*arguments: str, home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "codeio_ops.cli", *arguments),
        env={
            "PATH": "/usr/bin:/bin",
            "CODEIO_HOME": str(home),
            "PYTHONPATH": str(REPOSITORY),
            **env,
        },
        capture_output=True,
        text=True,
    )


def test_an_error_is_followed_by_its_cure() -> None:
    text = render_error(StackError("no", cure="Do it."), as_json=False)
    assert text == "error: no\ncure: Do it."


def test_an_error_without_a_cure_is_one_line() -> None:
    assert render_error(CodeIOError("no"), as_json=False) == "error: no"


def test_where_nothing_is_known_of_the_case_the_usual_cure_is_named() -> None:
    text = render_error(StoreRefused("no"), as_json=False)
    assert text == f"error: no\ncure: {StoreRefused.usual_cure}"


def test_an_error_as_json_has_its_type() -> None:
    found = json.loads(render_error(StoreRefused("no", cure="c"), as_json=True))
    assert found == {"error": "no", "type": "StoreRefused", "cure": "c"}


def test_no_traceback_by_default(tmp_path: Path) -> None:
    done = _run("migrate", home=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: CODEIO_OWNER_DATABASE_URL is not set\ncure: ")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CODEIO_LOCAL_MODEL_SHA256", "abc"),
        ("CODEIO_REVISION_POLICY", "never"),
        ("CODEIO_TEACHER_CONCURRENCY", "0"),
    ],
)
def test_a_setting_that_cannot_be_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=variable) as caught:
        Settings.load(tmp_path)
    assert value not in str(caught.value)


def test_a_list_that_is_no_json_says_how_to_write_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CODEIO_LICENCES", "MIT")
    with pytest.raises(SettingsError, match="licences") as caught:
        Settings.load(tmp_path)
    assert "JSON" in caught.value.cure


@pytest.mark.parametrize("arguments", [("--debug", "migrate"), ("migrate", "--debug")])
def test_debug_shows_the_traceback(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert "Traceback" in _run(*arguments, home=tmp_path).stderr


def test_json_errors_leave_stdout_empty(tmp_path: Path) -> None:
    done = _run("migrate", "--json", home=tmp_path)
    assert done.stdout == ""
    assert json.loads(done.stderr)["type"] == "SettingsError"


def test_an_unknown_part_names_the_known_ones(tmp_path: Path) -> None:
    done = _run("up", "--only", "mysql", home=tmp_path / "home")
    assert done.returncode == 1
    assert "postgres, s3, teacher, airflow" in done.stderr
    assert not (tmp_path / "home").exists()


def test_status_of_nothing_fails_without_an_error(tmp_path: Path) -> None:
    done = _run("status", "--json", home=tmp_path)
    assert done.returncode == 1
    assert json.loads(done.stdout)["components"] == []


@dataclass(frozen=True)
class _Line:
    path: str


HOSTILE = "\x1b]0;owned\x07\x9b31m\u202e.py\x7f"
HARMLESS = "\\u001b]0;owned\\u0007\\u009b31m\\u202e.py\\u007f"


def test_no_text_of_strangers_commands_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_text(HOSTILE)
    say(HOSTILE)
    print_rows(HOSTILE, [_Line(HOSTILE)], as_json=False)
    print_rows("", [_Line(HOSTILE)], as_json=True)
    error = render_error(StackError(HOSTILE, cure=HOSTILE), as_json=False)
    printed = capsys.readouterr()
    for text in (printed.out, printed.err, error):
        assert HARMLESS in text
        assert not set(HOSTILE) - set("]0;owned31m.py") & set(text)


def test_lines_tabs_and_letters_of_the_world_are_left_alone() -> None:
    assert plain("a\n\tä 漢 😀") == "a\n\tä 漢 😀"
