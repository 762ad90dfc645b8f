"""The commands are listed without importing what they need, and each is where the list says."""

import subprocess
import sys
from pathlib import Path

import pytest

from codeio_ops.cli.app import COMMANDS, load

REPOSITORY = Path(__file__).parents[3]
HEAVY = {
    "airflow",
    "boto3",
    "docker",
    "openai",
    "psycopg2",
    "pyarrow",
    "pydantic",
    "rich",
    "sqlalchemy",
}
SENTENCES = {name: text for commands in COMMANDS.values() for name, text in commands.items()}


def _modules_after(*arguments: str) -> set[str]:
    code = (
        "import atexit, sys; atexit.register(lambda: print(*sys.modules)); import codeio_ops.cli; "
    )
    done = subprocess.run(
        (sys.executable, "-c", f"{code} sys.argv[1:] = {arguments!r}; codeio_ops.cli.main()"),
        env={"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_listing_the_commands_imports_none_of_them() -> None:
    loaded = _modules_after("--help")
    assert HEAVY.isdisjoint(loaded)
    assert "codeio_ops.cli.output" in loaded and "codeio_ops.cli.stack" not in loaded


def test_a_command_does_not_import_what_another_needs() -> None:
    assert {"docker", "openai", "pyarrow", "sqlalchemy"}.isdisjoint(
        _modules_after("status", "--help")
    )


@pytest.mark.parametrize("name", ["source", "run", "release", "teacher"])
def test_help_waits_for_no_library_of_the_work(name: str) -> None:
    libraries = {"boto3", "docker", "numba", "openai", "pyarrow", "sqlalchemy"}
    assert libraries.isdisjoint(_modules_after(name, "--help"))


@pytest.mark.parametrize("name", SENTENCES)
def test_a_command_says_of_itself_what_the_list_says(name: str) -> None:
    command = load(name)
    words = " ".join(command.help.partition("\n\n")[0].split())
    assert command.hidden if not SENTENCES[name] else words == SENTENCES[name]


def test_every_module_of_commands_is_listed() -> None:
    files = (REPOSITORY / "codeio_ops" / "cli").glob("*.py")
    found = {file.stem for file in files if "\ndef register(app: " in file.read_text()}
    assert found == COMMANDS.keys()
