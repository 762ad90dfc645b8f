"""A shell in which an installed wheel's commands work on an embedded stack of their own."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from codeio_ops.config import Settings
from codeio_ops.local.home import Home
from codeio_ops.local.state import StackState
from support.installed import clean_environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """Runs `codeio` commands of a wheel, in a directory that holds the state and nothing else.

    Attributes:
        directory: Where commands run.
        programs: Where the programs of the environment lie.
        variables: What was exported.
    """

    directory: Path
    programs: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Home:
        return Home(self.directory / ".codeio")

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            (self.programs / "codeio", *arguments),
            env=clean_environment(self.programs, **self.variables),
            cwd=self.directory,
            capture_output=True,
            text=True,
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json").stdout)

    def exporting(self, **variables: str) -> "Shell":
        """Return a shell with these variables alone, whose stack was started with them."""
        exported = replace(self, variables=variables)
        exported.run("up")
        return exported

    def ask(self, question: str) -> list[Any]:
        """Run SQL of a test and return its rows."""
        url = Settings.load(self.home.root).auditor_database_url.get_secret_value()
        with create_engine(url, poolclass=NullPool).connect() as connection:
            return list(connection.execute(text(question)).all())

    @property
    def state(self) -> StackState:
        state = StackState.load(self.home)
        assert state is not None
        return state
