"""A command gives the same result in every shell, and says of half a start what it is."""

import json
import os
from pathlib import Path

import pytest

from codeio_ops.cli.output import of_half_a_start, render_error
from codeio_ops.errors import ReleaseMissing, StackError, StoreRefused
from codeio_ops.local.beginning import noted, unfinished
from codeio_ops.local.home import Home, exclusive
from codeio_ops.local.ports import ANY
from codeio_ops.local.state import Secrets, StackState
from support.odd_shells import NOBODY, ODD_SHELLS, OddShell, can_become_nobody
from support.storage import quiet

PROGRAM = '"""漢 é."""\n\n\ndef double(x: int) -> int:\n    """Return é."""\n    return 2 * x\n'
NAMES = ("a b/é.py", "漢.py", "😀.py")


@pytest.mark.parametrize("name", ODD_SHELLS)
def test_a_command_gives_the_same_in_every_shell(name: str, tmp_path: Path) -> None:
    shell = ODD_SHELLS[name]
    if shell.nobody and not can_become_nobody():
        pytest.skip("setpriv is missing")
    for directory in (tmp_path, *list(tmp_path.parents)[:2]):
        directory.chmod(directory.stat().st_mode | 0o055)
    for file in NAMES:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(PROGRAM, encoding="utf-8")
    preview = ("source", "preview", f"directory:{tmp_path}", "--licence", "MIT")
    shown = shell.codeio(*preview, home=tmp_path / "no home")
    assert shown.returncode == 0, shown.stderr
    assert b"keep" in shown.stdout or b"kept" in shown.stdout
    done = shell.codeio(*preview, "--json", home=tmp_path / "no home")
    found = json.loads(done.stdout.decode(shell.encoding))
    assert sorted(row["path"] for row in found) == sorted(NAMES)
    failed = shell.codeio("source", "list", home=tmp_path / "é home")
    assert failed.returncode == 1
    assert failed.stderr.startswith(b"error: no database is configured\ncure: ")


def test_loops_are_compiled_where_nothing_can_be_written(tmp_path: Path) -> None:
    if not can_become_nobody():
        pytest.skip("setpriv is missing")
    code = (
        "from codeio_ops.dedup.lexer import tokenize; import codeio_ops.quality.leakage.kernel; "
        "print(len(tokenize(b'a = 1', language='python').hashes))"
    )
    done = ODD_SHELLS["nobody"].python("-c", code, home=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"3\n"), done.stderr


def test_a_user_without_a_cache_gets_one_in_the_home_of_the_stack(tmp_path: Path) -> None:
    if not can_become_nobody():
        pytest.skip("setpriv is missing")
    for directory in list(tmp_path.parents)[:2]:
        directory.chmod(directory.stat().st_mode | 0o011)
    os.chown(tmp_path, *((NOBODY, NOBODY) if os.geteuid() == 0 else (-1, -1)))
    code = (
        "import os, pathlib; "
        "from codeio_ops.local.home import Home; "
        f"os.environ.update(Home(pathlib.Path({str(tmp_path)!r})).caches()); "
        "import fissix.pygram; print(os.environ['XDG_CACHE_HOME'])"
    )
    done = ODD_SHELLS["nobody"].python("-c", code, home=tmp_path)
    assert done.stdout.decode() == f"{tmp_path / 'cache'}\n", done.stderr


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "a home")
    home.create()
    return home


def test_a_start_that_fails_is_named_by_later_commands(home: Home) -> None:
    shell = OddShell()
    failed = shell.codeio("up", home=home.root, CODEIO_X="it's")
    assert (failed.returncode, b"did not finish" in failed.stderr) == (1, False)
    told = b"error: `codeio up` did not finish: the value of CODEIO_X has a quote"
    StackState(ports=ANY, secrets=Secrets.generate()).save(home)
    for command in (("funnel",), ("teacher", "check"), ("source", "list"), ("run",)):
        later = shell.codeio(*command, home=home.root)
        assert later.returncode == 1
        assert told in later.stderr
        assert b"cure: Run `codeio up`" in later.stderr
    assert b"did not finish: the value of CODEIO_X" in shell.codeio("status", home=home.root).stderr
    assert shell.codeio("down", home=home.root).returncode == 0
    assert b"finish" not in shell.codeio("funnel", home=home.root).stderr


def test_a_start_that_was_killed_says_where(home: Home) -> None:
    with pytest.raises(KeyboardInterrupt), noted(home, quiet) as step:
        step("preparing Airflow's database")
        raise KeyboardInterrupt
    told = "`codeio up` did not finish: it ended while preparing Airflow's database"
    assert unfinished(home) == told
    error = of_half_a_start(StoreRefused("no such role"), home)
    assert isinstance(error, StoreRefused)
    assert render_error(error, as_json=False).startswith(
        f"error: {told}\nso: no such role\ncure: Ru"
    )


def test_a_start_that_goes_on_is_told_from_one_that_failed(home: Home) -> None:
    with exclusive(home.lock_file), noted(home, quiet) as step:
        step("starting s3")
        assert unfinished(home) == "`codeio up` is still at work: starting s3"
    assert unfinished(home) == ""


def test_what_has_nothing_to_do_with_the_stack_is_said_as_it_is(home: Home) -> None:
    with pytest.raises(StackError), noted(home, quiet):
        raise StackError("s3 does not become healthy\n  | its log")
    missing = ReleaseMissing("codeio has no version 7")
    assert of_half_a_start(missing, home) is missing
    same = StackError("s3 does not become healthy\n  | its log")
    assert of_half_a_start(same, home) is same
