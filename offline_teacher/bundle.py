"""The program that the offline teacher runs in the sandbox, put together from modules.

The sandbox takes one text and holds nothing of this package, so the text carries the guest
modules, and those of the platform that they import, and loads each on its first import. They
use nothing but the standard library.
"""

import json
import re
from collections.abc import Sequence
from functools import cache
from importlib import import_module, resources

from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox.base import Limits, Program, RunResult, Sandbox

GUEST = "offline_teacher.guest"
_OF_THE_PLATFORM = ("codeio_ops.errors", "codeio_ops.jsonvalue", "codeio_ops.verify.compare")
_BOOT = """\
import importlib.abc
import importlib.util
import json
import sys


class Bundle(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, sources):
        self._sources = sources

    def find_spec(self, name, path=None, target=None):
        if name not in self._sources:
            return None
        is_package = self._sources[name] is None
        return importlib.util.spec_from_loader(name, self, is_package=is_package)

    def exec_module(self, module):
        text = self._sources[module.__name__] or ""
        exec(compile(text, module.__name__, "exec"), module.__dict__)


sys.meta_path.insert(0, Bundle(json.loads({sources!r})))
from offline_teacher.guest.entry import run
"""


def run_guest(
    sandbox: Sandbox, kind: str, jobs: Sequence[dict[str, Json]], *, limits: Limits
) -> list[RunResult]:
    """Do jobs of one kind in the sandbox, in order; see `guest.entry` for the kinds.

    Raises:
        SandboxFault: the sandbox itself failed.
    """
    inputs: list[Json] = [{"kind": kind, "job": job} for job in jobs]
    return sandbox.run(guest_program(), inputs, limits=limits)


@cache
def guest_program() -> Program:
    """The text that runs in the sandbox; the same on every call."""
    names = sorted(file.name for file in resources.files(GUEST).iterdir())
    guest = [f"{GUEST}.{name[:-3]}" for name in names if re.fullmatch(r"[a-z]\w*\.py", name)]
    sources = {module: _source(module) for module in (*_OF_THE_PLATFORM, *guest)}
    packages = {module.rpartition(".")[0] for module in sources} | {"offline_teacher"}
    bundle = json.dumps({**sources, **dict.fromkeys(sorted(packages))})
    return Program(code=_BOOT.format(sources=bundle), entry_point="run")


def _source(module: str) -> str:
    package, _, stem = module.rpartition(".")
    return resources.files(import_module(package)).joinpath(f"{stem}.py").read_text("utf-8")
