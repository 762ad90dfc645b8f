"""The stack starts, works and stops in shells that are not the usual one."""

import json
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from codeio_ops.local import postgres, stack
from codeio_ops.local.components import Part
from codeio_ops.local.home import Home
from codeio_ops.local.ports import ANY, LOOPBACK
from codeio_ops.local.state import Secrets, StackState
from support.odd_shells import NOBODY, PROXIES, OddShell, can_become_nobody
from support.storage import quiet

STORAGE = ("--only", "postgres,s3")
ODD = {**PROXIES, "TZ": "Pacific/Chatham", "LC_ALL": "tr_TR.UTF-8"}
SHELLS = {
    "odd": OddShell(variables=ODD, umask="077"),
    "of nobody": OddShell(variables=ODD, umask="077", nobody=True),
}


@pytest.fixture
def home() -> Iterator[Home]:
    # Not below pytest's directories: Postgres may run as a user who cannot enter them.
    with tempfile.TemporaryDirectory(prefix="codeio test é ", dir="/tmp") as directory:
        home = Home(Path(directory) / "my home")
        home.root.mkdir()
        yield home
        stack.down(home, say=quiet)


@pytest.mark.parametrize("name", SHELLS)
def test_the_storage_starts_and_works_in_any_shell(home: Home, name: str) -> None:
    shell = SHELLS[name]
    if shell.nobody:
        if not can_become_nobody():
            pytest.skip("setpriv is missing")
        for path in (home.root.parent, home.root):
            os.chown(path, NOBODY, NOBODY)
    StackState(ports=ANY, secrets=Secrets.generate()).save(home)
    if shell.nobody:
        os.chown(home.state_file, NOBODY, NOBODY)
    done = shell.codeio("up", *STORAGE, home=home.root)
    assert done.returncode == 0, done.stderr
    state = StackState.load(home)
    assert state is not None
    with postgres.connect(state) as link, link.cursor() as cursor:
        cursor.execute("SELECT current_setting('timezone')")
        assert cursor.fetchone() == ("UTC",)
    source = home.root.parent / "köd"
    source.mkdir(mode=0o755)
    added = shell.codeio("source", "add", f"directory:{source}", home=home.root)
    assert added.returncode == 0, added.stderr
    rows = shell.codeio("status", "--json", home=home.root)
    assert {row["state"] for row in json.loads(rows.stdout)["components"]} == {"healthy"}
    if shell.nobody:
        assert {path.stat().st_uid for path in home.root.iterdir()} == {NOBODY}
    assert shell.codeio("down", home=home.root).returncode == 0


def test_a_port_that_was_taken_is_said(home: Home) -> None:
    said: list[str] = []
    home.create()
    with socket.socket() as squatter:
        squatter.bind((LOOPBACK, 0))
        squatter.listen()
        taken = squatter.getsockname()[1]
        StackState(ports={**ANY, "postgres": taken}, secrets=Secrets.generate()).save(home)
        parts = frozenset({Part.POSTGRES})
        started = stack.up(home, parts=parts, say=said.append, user={})
    port = started.state.ports["postgres"]
    assert [line for line in said if "port" in line] == [
        f"port {taken} is taken by another process, so postgres listens on {port}: saved "
        "addresses must follow"
    ]
    said.clear()
    stack.up(home, parts=parts, say=said.append, user={})
    assert [line for line in said if "port" in line] == []
