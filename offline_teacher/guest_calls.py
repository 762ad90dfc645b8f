"""What an answer needs done in the sandbox: follow a call, or look for an input."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from codeio_ops.errors import CodeIOError
from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox.base import Limits, Sandbox, Verdict
from offline_teacher.bundle import run_guest
from offline_teacher.trace import SearchReply, Trace

_Reply = TypeVar("_Reply", bound=BaseModel)
# The counts inside the guest end a job long before these do, except where one line of the
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
    return _checked(sandbox, "record_call", job, Trace)


def search_input(sandbox: Sandbox, job: dict[str, Json]) -> SearchReply:
    """Look for an input; `job` holds the arguments of `guest.input_search.find_input`.

    Raises:
        JobFailed: the program did not let the job come to its end.
        SandboxFault: the sandbox itself failed.
    """
    return _checked(sandbox, "find_input", job, SearchReply)


def _checked(sandbox: Sandbox, kind: str, job: dict[str, Json], model: type[_Reply]) -> _Reply:
    (result,) = run_guest(sandbox, kind, [job], limits=LIMITS)
    if result.verdict is not Verdict.OK:
        raise JobFailed(f"{result.verdict}: {result.error_type} {result.error_message}"[:300])
    try:
        return model.model_validate(result.value)
    except ValidationError as exc:
        raise JobFailed(f"the reply has {exc.error_count()} faults") from exc
