"""The program that the offline teacher runs in the sandbox, put together from modules.

The sandbox takes one text and holds nothing of this package, so the text carries the
modules it needs and installs them before it imports the entry point. They use nothing but
the standard library.
"""

import json
from functools import cache
from importlib import import_module, resources
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from codeio_ops.errors import CodeIOError
from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox.base import Limits, Program, RunResult, Sandbox, Verdict
from offline_teacher.trace import SearchReply, Trace

_INSIDE = "offline_teacher.guest"
_MODULES = (
    "codeio_ops.errors",
    "codeio_ops.jsonvalue",
    "codeio_ops.verify.compare",
    f"{_INSIDE}.values",
    f"{_INSIDE}.programs",
    f"{_INSIDE}.interrupted",
    f"{_INSIDE}.tracing",
    f"{_INSIDE}.distance",
    f"{_INSIDE}.mutation",
    f"{_INSIDE}.search",
    f"{_INSIDE}.entry",
)
_BOOT = """\
import json
import sys
import types

for name, text in json.loads({sources!r}):
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(text, name, "exec"), module.__dict__)
run = module.run
"""
_Reply = TypeVar("_Reply", bound=BaseModel)
# The counts inside the harness end a job long before these do, except where one line of the
# program works for seconds.
LIMITS = Limits(cpu_s=10.0, output_bytes=2_000_000)


class JobFailed(CodeIOError):
    """The program under study broke the job: it never ended, or forged its reply."""


def follow_call(
    sandbox: Sandbox,
    *,
    code: str,
    entry_point: str,
    arguments: dict[str, Json],
    max_steps: int,
) -> Trace:
    """Run one call in the sandbox and return what happened, line by line.

    Raises:
        JobFailed: the program did not let the job come to its end.
        SandboxFault: the sandbox itself failed.
    """
    job: dict[str, Json] = {
        "code": code,
        "entry_point": entry_point,
        "arguments": arguments,
        "max_steps": max_steps,
    }
    return _checked(Trace, _run(sandbox, "follow", job))


def search_input(sandbox: Sandbox, job: dict[str, Json]) -> SearchReply:
    """Look for an input in the sandbox; `job` holds the arguments of `inside.entry.search`.

    Raises:
        JobFailed: the program did not let the job come to its end.
        SandboxFault: the sandbox itself failed.
    """
    return _checked(SearchReply, _run(sandbox, "search", job))


@cache
def harness_program() -> Program:
    """The text that runs in the sandbox; the same on every call."""
    sources = json.dumps([[name, _source(name)] for name in _MODULES])
    return Program(code=_BOOT.format(sources=sources), entry_point="run")


def _source(module: str) -> str:
    package, _, stem = module.rpartition(".")
    return resources.files(import_module(package)).joinpath(f"{stem}.py").read_text("utf-8")


def _run(sandbox: Sandbox, kind: str, job: dict[str, Json]) -> RunResult:
    results = sandbox.run(harness_program(), [{"kind": kind, "job": job}], limits=LIMITS)
    return results[0]


def _checked(model: type[_Reply], result: RunResult) -> _Reply:
    if result.verdict is not Verdict.OK:
        raise JobFailed(f"{result.verdict}: {result.error_type} {result.error_message}"[:300])
    try:
        return model.model_validate(result.value)
    except ValidationError as exc:
        raise JobFailed(f"the reply has {exc.error_count()} faults") from exc
