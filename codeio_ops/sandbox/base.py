"""The contract between the platform and any sandbox: what goes in, what comes out.

A sandbox runs programs nobody has read. A program that fails is a `RunResult`;
a sandbox that fails raises `SandboxFault`. Nothing here runs a program on the host.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from codeio_ops.jsonvalue import Json


class Verdict(StrEnum):
    """What became of one call of a program."""

    OK = "ok"
    EXCEPTION = "exception"
    LOAD_ERROR = "load_error"
    TIMEOUT = "timeout"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    NOT_JSON = "not_json"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one call may use.

    Attributes:
        cpu_s: CPU seconds a call; loading the program counts towards the first call.
        wall_factor: Wall-clock limit as a multiple of `cpu_s`; it only catches
            programs that wait, so that a loaded machine does not change a verdict.
        total_s: Wall-clock seconds of all calls of a job; those that are left then are timeouts.
        address_space_mib: Address space above what the empty runner maps.
        output_bytes: Longest serialised output of a call.
    """

    cpu_s: float = 5.0
    wall_factor: float = 3.0
    total_s: float = 86_400.0
    address_space_mib: int = 512
    output_bytes: int = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Source text with the function to call in it.

    Attributes:
        code: The whole program; it is loaded once per job.
        entry_point: Name of the function that is called with each input.
        language: Language of `code`; the runner in the image must know it.
    """

    code: str
    entry_point: str
    language: str = "python"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProgram:
    """The columns of `codeio.program` that running one takes."""

    program_id: UUID
    language: str
    entry_point: str
    main_function: str

    @property
    def seed(self) -> int:
        """Seed of its random numbers, wherever it runs: the same on every machine."""
        return self.program_id.int >> 96

    @property
    def program(self) -> Program:
        """The program as a sandbox takes it."""
        return Program(
            code=self.main_function, entry_point=self.entry_point, language=self.language
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """The outcome of one call.

    Attributes:
        verdict: What became of the call.
        value: The returned JSON value when `verdict` is `ok`, else None.
        error_type: Class name of the exception (`exception`, `load_error`, `not_json`).
        error_message: Its text, at most 500 characters, as the program wrote it: untrusted.
        wall_ms: Wall-clock time of the call in milliseconds.
        cpu_ms: CPU time in milliseconds of the whole job this call ran in, or None
            when the job went on after this call.
        peak_rss_kib: Peak resident memory of that job in KiB, or None likewise.
    """

    verdict: Verdict
    value: Json = None
    error_type: str = ""
    error_message: str = ""
    wall_ms: float = 0.0
    cpu_ms: float | None = None
    peak_rss_kib: int | None = None


class Sandbox(Protocol):
    """Runs programs; safe to call from several threads at once."""

    @property
    def image_digest(self) -> str:
        """Content digest of the image in use (`sha256:...`), stored on every row."""

    @property
    def workers(self) -> int:
        """How many jobs run at the same time; further callers wait."""

    def run(
        self,
        program: Program,
        inputs: Sequence[Json],
        *,
        limits: Limits = Limits(),
        seed: int = 0,
    ) -> list[RunResult]:
        """Call the program with each input, in order, and say what became of each call.

        A dict input is passed as keyword arguments where the language has them (Python), else
        as one argument. Inputs are copied through JSON, so a
        call cannot change what a later call sees; the language's random numbers are
        reseeded from `seed` and the input's index before every call. One process serves all inputs
        until a call times out or crashes; the rest then runs in a new one.

        Returns:
            One result per input, in the order of `inputs`.

        Raises:
            ProgramFault: this program makes the sandbox fail every time, while others run.
            SandboxFault: the sandbox failed; nothing can be said about the program.
        """
