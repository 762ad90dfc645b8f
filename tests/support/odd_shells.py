"""Shells in which `codeio` must work as in any other: another user, language, clock or proxy."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
NOBODY = 65534
DEAD_PROXY = "http://127.0.0.1:9"
PROXIES = dict.fromkeys(
    ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), DEAD_PROXY
)
# One user of his own reads what he may not write: the checkout, and the libraries beside it.
_BECOME_NOBODY = (
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    # Python itself may lie in the home of root.
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)


@dataclass(frozen=True, kw_only=True)
class OddShell:
    """A shell on this machine.

    Attributes:
        variables: Its environment, beside a path for programs.
        nobody: Whether it is of another user than the one who owns the checkout.
        umask: Its mask of rights.
        encoding: What its terminal speaks.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    nobody: bool = False
    umask: str = "022"
    encoding: str = "utf-8"

    def codeio(
        self, *arguments: str, home: Path, **variables: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command in it."""
        return self.python("-m", "codeio_ops.cli", *arguments, home=home, **variables)

    def python(
        self, *arguments: str, home: Path, **variables: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Run Python in it."""
        become = _BECOME_NOBODY if self.nobody and os.geteuid() == 0 else ()
        command = ("sh", "-c", f'umask {self.umask}; exec "$@"', "sh", sys.executable, *arguments)
        return subprocess.run(
            (*become, *command),
            env={
                "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.defpath)),
                "PYTHONPATH": str(REPOSITORY),
                "CODEIO_HOME": str(home),
                "HOME": "/nonexistent",
                **self.variables,
                **variables,
            },
            cwd="/",
            capture_output=True,
        )


LATIN = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "latin-1"}
ODD_SHELLS = {
    "C locale": OddShell(variables={"LC_ALL": "C"}),
    "ascii": OddShell(
        variables={"LC_ALL": "POSIX", **LATIN, "PYTHONIOENCODING": ""}, encoding="ascii"
    ),
    "latin-1": OddShell(variables=LATIN, encoding="latin-1"),
    "absent locale": OddShell(variables={"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}),
    "Chatham": OddShell(variables={"TZ": "Pacific/Chatham"}),
    "private": OddShell(umask="077"),
    "proxies": OddShell(variables=PROXIES),
    "nobody": OddShell(nobody=True, umask="077"),
}


def can_become_nobody() -> bool:
    """Say whether a test may be another user here."""
    return os.geteuid() != 0 or shutil.which("setpriv") is not None
