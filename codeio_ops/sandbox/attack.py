"""Attack the sandbox with hostile programs, and see what it is like afterwards.

`hostile/` ships programs for every defence; any JSONL file of the same rows will do as well.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from codeio_ops.errors import ProgramFault, SettingsError
from codeio_ops.jsonl import parse_line, read_lines
from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox.base import Limits, Program, RunResult, Verdict
from codeio_ops.sandbox.pool import DockerSandbox
from codeio_ops.unified_form import ENTRY_POINT

SUITE = Path(__file__).with_name("hostile")

# Words that other suites use for our verdicts.
_WORDS = {"oom": Verdict.MEMORY_LIMIT, "output_too_large": Verdict.OUTPUT_LIMIT}
_WALL_FACTOR = 6.0
# Rows of others say nothing of time; filling memory takes some on a busy machine.
_FOREIGN_CPU_S = 3.0


class Ending(BaseModel):
    """How a hostile program may end in a sandbox that holds.

    Attributes:
        acceptable: Verdicts, ours or `oom` and `output_too_large`.
        error: Class of the exception it must end with; empty allows any.
        value: What it must return, where the field is given.
    """

    model_config = ConfigDict(frozen=True)

    acceptable: frozenset[str]
    error: str = ""
    value: JsonValue = None

    def complaint(self, result: RunResult) -> str:
        """Say what is wrong with how it ended; empty when nothing is."""
        verdicts = {_WORDS.get(word, word) for word in self.acceptable}
        if result.verdict not in verdicts:
            return f"ended with {result.verdict}, {result.error_type or result.value!r}"
        if self.error and result.error_type != self.error:
            return f"raised {result.error_type}: {result.error_message}"
        expected = "value" in self.model_fields_set and result.verdict is Verdict.OK
        return f"returned {result.value!r}" if expected and result.value != self.value else ""


class Attack(Ending):
    """A hostile program, and how it may end.

    Attributes:
        under: How it may end under a container runtime where it may end otherwise.
        cpu_s: CPU limit of its call, under `runc`.
    """

    name: str
    code: str
    language: str = "python"
    entry_point: str = ENTRY_POINT
    under: Mapping[str, Ending] = Field(default_factory=dict)
    cpu_s: float = Field(default=1.0, gt=0)

    @property
    def program(self) -> Program:
        """The program to run."""
        return Program(code=self.code, entry_point=self.entry_point, language=self.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one attack went; both texts are empty when it was contained.

    Attributes:
        complaint: What is wrong with how the program itself ended.
        traces: What the next job in the same container found.
    """

    name: str
    complaint: str = ""
    traces: str = ""

    @property
    def contained(self) -> bool:
        """Whether the sandbox held."""
        return not (self.complaint or self.traces)


# Runs after each attack, in the same container.
_PROBE = Program(
    entry_point="probe",
    code="""
import builtins, json, os, random, numpy

def probe():
    natives = (os.write, os.listdir, random.random, builtins.len)
    return {
        "processes": sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
        == [1, os.getpid()],
        "scratch": os.listdir("/tmp"),
        "natives": [type(f).__name__ for f in natives] == ["builtin_function_or_method"] * 4,
        "json": json.loads("[1, 2]") == [1, 2] and json.dumps([1]) == "[1]",
        "answer": int(numpy.arange(1000).sum()),
    }
""",
)
_CLEAN: Json = {"processes": True, "scratch": [], "natives": True, "json": True, "answer": 499500}


def load_attacks(path: Path = SUITE) -> list[Attack]:
    """Read attacks from a JSONL or YAML file, or from all YAML files of a directory.

    In a directory, a file is named after the language of its programs.

    Raises:
        SettingsError: the file cannot be read, a row is not an attack, or there is none.
        SourceNotFound, SourceUnavailable, SourceDamaged: see `jsonl.read_lines`.
    """
    try:
        files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
        if attacks := [attack for file in files for attack in _read(file)]:
            return attacks
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as exc:
        raise SettingsError(f"{path} holds no hostile programs: {exc}") from exc
    raise SettingsError(f"{path} holds no hostile programs")


def attack(sandbox: DockerSandbox, attacks: Sequence[Attack]) -> list[Outcome]:
    """Run every attack, as many at a time as the sandbox has workers.

    Raises:
        SandboxFault: the sandbox fails on harmless programs too.
    """
    with ThreadPoolExecutor(sandbox.workers) as threads:
        return list(threads.map(lambda one: _outcome(sandbox, one), attacks))


def _read(path: Path) -> list[Attack]:
    if path.suffix not in (".yaml", ".yml"):
        lines = [parse_line(line) for _, line in read_lines(path)]
        objects = TypeAdapter(list[dict[str, object]]).validate_python(lines)
        rows = [{"cpu_s": _FOREIGN_CPU_S, **row} for row in objects]
    else:
        text = path.read_text(encoding="utf-8")
        rows = [{"language": path.stem, **row} for row in yaml.safe_load(text)]
    return TypeAdapter(list[Attack]).validate_python(rows)


def _outcome(sandbox: DockerSandbox, one: Attack) -> Outcome:
    runtime = sandbox.runtime
    limits = Limits(cpu_s=one.cpu_s * runtime.slowness, wall_factor=_WALL_FACTOR / runtime.slowness)
    try:
        result, probe = sandbox.run_in_turn([one.program, _PROBE], limits=limits)
    except ProgramFault as fault:
        return Outcome(name=one.name, complaint=str(fault))
    clean = probe.verdict is Verdict.OK and probe.value == _CLEAN
    return Outcome(
        name=one.name,
        complaint=one.under.get(runtime.name, one).complaint(result),
        traces="" if clean else f"the next job ended with {probe.verdict}: {probe.value!r}",
    )
