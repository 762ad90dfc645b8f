"""Frames to and from the supervisor in the container.

A frame is `!II` (header bytes, body bytes), a JSON header, a body. `sandbox_image/runner`
holds the other end and shares no code with this one. What comes back is outside data: the
supervisor wrote the headers, the program may have written the bodies.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from codeio_ops.errors import NotJson, SandboxFault, TerminalError
from codeio_ops.jsonvalue import Json, compact
from codeio_ops.sandbox.base import Limits, Program

PROTOCOL_VERSION = 4
MAX_HEADER_BYTES = 1 << 20
MAX_REQUEST_BYTES = 16 << 20
MAX_REPLY_BYTES = 4 << 20
PREFIX = struct.Struct("!II")
_MIB = 1 << 20


class _Header(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Scratch(_Header):
    """The file system where jobs may write."""

    bytes: int
    inodes: int
    noexec: bool
    nosuid: bool
    nodev: bool


class Hello(_Header):
    """What the supervisor sees of its own confinement, sent once."""

    kind: Literal["hello"]
    version: int
    languages: list[str]
    kernel: str
    python: str
    hash_seed: str | None
    clock: float
    pid: int
    uid: int
    capabilities: dict[str, str | None]
    no_new_privs: bool
    seccomp: str | None
    threads: int
    interfaces: list[str]
    root_read_only: bool
    scratch: Scratch
    memory_max: int | None
    guarded_bytes: int | None
    pids_max: int | None
    core_max: int


class Reply(_Header):
    """One call was answered; the body is what the program claims to return."""

    kind: Literal["reply"]
    id: int
    index: int
    code: int
    wall_ms: float


class Ended(_Header):
    """One process is gone; `index` is the first call it did not answer."""

    kind: Literal["ended"]
    id: int
    index: int
    cause: Literal["done", "cpu", "wall", "memory", "oversize", "protocol", "exit"]
    loaded: bool
    spent: bool
    signal: int
    exit_code: int
    oom_kills: int
    extra_processes: int
    wall_ms: float
    cpu_ms: float
    peak_rss_kib: int


class Finished(_Header):
    """All calls are dealt with and the container is clean again.

    `cpu_ms` is what the job cost inside the container: its processes and the supervisor.
    """

    kind: Literal["finished"]
    id: int
    cpu_ms: float


Header = Hello | Reply | Ended | Finished
_HEADERS: TypeAdapter[Header] = TypeAdapter(Annotated[Header, Field(discriminator="kind")])


def encode_settings(
    *,
    first_uid: int,
    last_uid: int,
    preload: Sequence[str],
    memory_bytes: int,
    elsewhere: bool,
) -> bytes:
    """Encode the first frame, which the supervisor answers with `Hello`.

    It holds jobs to `memory_bytes` itself where no cgroup does. Jobs that run `elsewhere` have odd
    process ids, one processor less, and a kernel of another name.
    """
    return _frame(
        {
            "version": PROTOCOL_VERSION,
            "first_uid": first_uid,
            "last_uid": last_uid,
            "preload": list(preload),
            "memory_bytes": memory_bytes,
            "elsewhere": elsewhere,
        },
        b"",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One request, serialised but for its number.

    Attributes:
        program: What to run.
        parts: The code, then each input.
        limits: Of each call.
        seed: Of the program's random numbers.
    """

    program: Program
    parts: tuple[bytes, ...]
    limits: Limits
    seed: int

    @classmethod
    def prepare(cls, program: Program, inputs: Sequence[Json], limits: Limits, seed: int) -> "Job":
        """Serialise a request.

        Raises:
            NotJson: an input holds a number that is not finite.
            TerminalError: code and inputs together are over `MAX_REQUEST_BYTES`, or the
                wanted output is over `MAX_REPLY_BYTES`.
        """
        # A lone surrogate reaches the child, where it is a load error and not our failure.
        texts = (program.code, *map(_compact_input, inputs))
        parts = tuple(text.encode(errors="surrogatepass") for text in texts)
        size = sum(map(len, parts))
        if size > MAX_REQUEST_BYTES:
            raise TerminalError(f"a job of {size} bytes; the sandbox takes {MAX_REQUEST_BYTES}")
        if limits.output_bytes > MAX_REPLY_BYTES:
            raise TerminalError(f"output_bytes is over {MAX_REPLY_BYTES}")
        return cls(program=program, parts=parts, limits=limits, seed=seed)

    @property
    def calls(self) -> int:
        """How many inputs there are."""
        return len(self.parts) - 1

    def frame(self, job_id: int) -> bytes:
        """Return the frame that asks for it."""
        header: dict[str, Json] = {
            "id": job_id,
            "language": self.program.language,
            "entry_point": self.program.entry_point,
            "seed": self.seed,
            "cpu_s": self.limits.cpu_s,
            "wall_s": self.limits.cpu_s * self.limits.wall_factor,
            "total_s": self.limits.total_s,
            "address_space": self.limits.address_space_mib * _MIB,
            "output_bytes": self.limits.output_bytes,
            "sizes": [len(part) for part in self.parts],
        }
        return _frame(header, b"".join(self.parts))


def decode_prefix(prefix: bytes) -> tuple[int, int]:
    """Return the sizes of header and body that follow.

    Raises:
        SandboxFault: a size is over the limit.
    """
    header_bytes, body_bytes = PREFIX.unpack(prefix)
    if header_bytes > MAX_HEADER_BYTES or body_bytes > MAX_REPLY_BYTES:
        raise SandboxFault(f"the supervisor announced {header_bytes} + {body_bytes} bytes")
    return header_bytes, body_bytes


def decode_header(text: bytes) -> Header:
    """Read a header.

    Raises:
        SandboxFault: it is not one that this protocol has.
    """
    try:
        return _HEADERS.validate_json(text)
    except ValidationError as exc:
        raise SandboxFault(f"the supervisor sent a broken header: {exc}") from exc


def _compact_input(value: Json) -> str:
    try:
        return compact(value)
    except ValueError as exc:
        raise NotJson(f"an input is not JSON: {exc}") from exc


def _frame(header: dict[str, Json], body: bytes) -> bytes:
    text = json.dumps(header).encode()
    return PREFIX.pack(len(text), len(body)) + text + body
