"""What every sandbox backend must do: one row a promise; the hostile ones are in test_attack.

Each row runs in the container that the row before used, and after each one a probe
proves that the container is clean.
"""

from dataclasses import dataclass, field, replace

import pytest

from codeio_ops.errors import TerminalError
from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox.base import Limits, Program, Sandbox, Verdict
from codeio_ops.sandbox.pool import DockerSandbox

OK, EXCEPTION, LOAD_ERROR = Verdict.OK, Verdict.EXCEPTION, Verdict.LOAD_ERROR
TIMEOUT, MEMORY = Verdict.TIMEOUT, Verdict.MEMORY_LIMIT
NOT_JSON, CRASHED = Verdict.NOT_JSON, Verdict.CRASHED

QUICK = Limits(cpu_s=0.5)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A program, its inputs and what must become of each.

    Attributes:
        values: The values of the calls; checked where it is not None.
        error: Class name of the exception of the first call, where it is not empty.
    """

    name: str
    code: str
    verdicts: list[Verdict]
    inputs: list[Json] = field(default_factory=lambda: [{}])
    values: list[Json] | None = None
    error: str = ""
    limits: Limits = QUICK

    @property
    def program(self) -> Program:
        language = "javascript" if self.name.endswith("(JavaScript)") else "python"
        return Program(code=self.code, entry_point="f", language=language)


def body(*lines: str) -> str:
    """Return a program whose function `f` takes nothing and has these lines."""
    return "\n ".join(
        ("import ctypes, gc, os, signal, socket, struct, sys, time\ndef f():", *lines)
    )


BENIGN = [
    Row(
        name="a dict input is keyword arguments, others are one positional argument",
        code="def f(x): return [x]",
        inputs=[{"x": 1}, [2], "é", None, 1.5],
        verdicts=[OK] * 5,
        values=[[1], [[2]], ["é"], [None], [1.5]],
    ),
    Row(
        name="a tuple becomes a list and an integer key a string",
        code=body("return {1: (2, 3)}"),
        verdicts=[OK],
        values=[{"1": [2, 3]}],
    ),
    Row(
        name="an exception ends one call and keeps its type and text",
        code="def f(x): return 1 // x",
        inputs=[0, 1],
        verdicts=[EXCEPTION, OK],
        values=[None, 1],
        error="ZeroDivisionError",
    ),
    Row(
        name="a timeout ends one call and the rest runs on",
        code="def f(x):\n while x == 1: pass\n return x",
        inputs=[0, 1, 2, 3],
        verdicts=[OK, TIMEOUT, OK, OK],
        values=[0, None, 2, 3],
    ),
    Row(
        name="a crash ends one call and the rest runs on",
        code="import os\ndef f(x):\n if x == 1: os._exit(0)\n return x",
        inputs=[0, 1, 2],
        verdicts=[OK, CRASHED, OK],
        values=[0, None, 2],
    ),
    Row(
        name="a call that runs out of memory ends alone",
        code="def f(x): return len(bytearray(x))",
        inputs=[1, 1 << 40, 2],
        verdicts=[OK, MEMORY, OK],
    ),
    Row(
        name="a syntax error is the result of every input",
        code="def f(x) return",
        inputs=[1, 2, 3],
        verdicts=[LOAD_ERROR] * 3,
        error="SyntaxError",
    ),
    Row(name="a missing function", code="g = 1", verdicts=[LOAD_ERROR], error="KeyError"),
    Row(name="a function that is a number", code="f = 1", verdicts=[LOAD_ERROR], error="TypeError"),
    Row(
        name="an import that never ends costs one deadline, not one for each input",
        code="while True: pass",
        inputs=list(range(1000)),
        verdicts=[TIMEOUT] * 1000,
    ),
    Row(
        name="when the time of a job is up, the calls left are timeouts",
        code="import time\ndef f(x): time.sleep(x)",
        inputs=[0, 0.6, 0.6, *[0] * 500],
        verdicts=[OK, OK, *[TIMEOUT] * 501],
        limits=Limits(cpu_s=0.5, wall_factor=9.0, total_s=1.0),
    ),
    Row(
        name="a call cannot change what a later call sees",
        code="def f(x):\n x.append(1)\n return x",
        inputs=[[0], [0]],
        verdicts=[OK, OK],
        values=[[0, 1], [0, 1]],
    ),
    Row(
        name="threads",
        code=body(
            "import threading",
            "seen = []",
            "threads = [threading.Thread(target=seen.append, args=(i,)) for i in range(4)]",
            "[t.start() for t in threads]",
            "[t.join() for t in threads]",
            "return sorted(seen)",
        ),
        verdicts=[OK],
        values=[[0, 1, 2, 3]],
    ),
    Row(
        name="asyncio",
        code="import asyncio\nasync def g(): return 7\ndef f(): return asyncio.run(g())",
        verdicts=[OK],
        values=[7],
    ),
    Row(
        name="an interval timer with a handler",
        code=body(
            "def ring(*_): raise TimeoutError('rang')",
            "signal.signal(signal.SIGALRM, ring)",
            "signal.setitimer(signal.ITIMER_REAL, 0.05)",
            "while True: pass",
        ),
        verdicts=[EXCEPTION],
        error="TimeoutError",
    ),
    Row(
        name="a trace function",
        code=body(
            "lines = []",
            "def trace(frame, event, _):",
            "  lines.append(event)",
            "  return trace",
            "def traced(): return 1",
            "sys.settrace(trace); traced(); sys.settrace(None)",
            "return lines",
        ),
        verdicts=[OK],
        values=[["call", "line", "return"]],
    ),
    Row(
        name="dataclasses and numpy",
        code=(
            "import dataclasses, numpy\n@dataclasses.dataclass\nclass P:\n x: int\n"
            "def f(): return int(numpy.arange(P(4).x).sum())"
        ),
        verdicts=[OK],
        values=[6],
    ),
    Row(
        name="harmless requests to files and sockets",
        code=body(
            "import array, fcntl, termios",
            "waiting, pair = array.array('i', [0]), socket.socketpair()",
            "os.set_inheritable(pair[0].fileno(), True)",
            "pair[0].send(b'four')",
            "fcntl.ioctl(pair[1], termios.FIONREAD, waiting)",
            "fcntl.ioctl(pair[1], 0x5421, array.array('i', [1]))",
            "return [waiting[0], os.isatty(pair[1].fileno()), os.get_blocking(pair[1].fileno())]",
        ),
        verdicts=[OK],
        values=[[4, False, False]],
    ),
    Row(
        name="scratch files",
        code=body(
            "import tempfile",
            "with tempfile.TemporaryFile('w+') as t: t.write('x'); t.seek(0); return t.read()",
        ),
        verdicts=[OK],
        values=["x"],
    ),
    Row(
        name="an output of 4 MiB and an input of 15 MiB",
        code="def f(x): return x[: (4 << 20) - 2]",
        inputs=["x" * (15 << 20)],
        verdicts=[OK],
        values=["x" * ((4 << 20) - 2)],
        limits=Limits(output_bytes=4 << 20),
    ),
    Row(
        name="no standard input",
        code=body("return input()"),
        verdicts=[EXCEPTION],
        error="EOFError",
    ),
    Row(name="print goes nowhere", code=body("print('x' * 10**6)", "return 1"), verdicts=[OK]),
]

# What YAML cannot hold.
BROKEN_SOURCES = [
    Row(
        name="a source with a lone surrogate",
        code="x = '\ud800'\ndef f(): return 1",
        verdicts=[LOAD_ERROR],
    ),
    Row(name="a source with a NUL", code="x = 1\x00\ndef f(): return 1", verdicts=[LOAD_ERROR]),
]

JAVASCRIPT = [
    Row(
        name="every input is one argument (JavaScript)",
        code="const f = (x) => [x];",
        inputs=[{"x": 1}, [2], "é", None, 1.5],
        verdicts=[OK] * 5,
        values=[[{"x": 1}], [[2]], ["é"], [None], [1.5]],
    ),
    Row(
        name="an exception ends one call and keeps its type and text (JavaScript)",
        code="function f(x) { if (x) return x; throw new TypeError('no'); }",
        inputs=[0, 1],
        verdicts=[EXCEPTION, OK],
        values=[None, 1],
        error="TypeError",
    ),
    Row(
        name="a timeout ends one call and the rest runs on (JavaScript)",
        code="function f(x) { while (x === 1); return x; }",
        inputs=[0, 1, 2, 3],
        verdicts=[OK, TIMEOUT, OK, OK],
        values=[0, None, 2, 3],
    ),
    Row(
        name="a crash ends one call and the rest runs on (JavaScript)",
        code="function f(x) { if (x === 1) process.exit(0); return x; }",
        inputs=[0, 1, 2],
        verdicts=[OK, CRASHED, OK],
        values=[0, None, 2],
    ),
    Row(
        name="a call that runs out of memory ends alone (JavaScript)",
        code="function f(x) { return new ArrayBuffer(x).byteLength; }",
        inputs=[1, 1 << 40, 2],
        verdicts=[OK, MEMORY, OK],
    ),
    Row(
        name="a syntax error is the result of every input (JavaScript)",
        code="function f( {",
        inputs=[1, 2, 3],
        verdicts=[LOAD_ERROR] * 3,
        error="SyntaxError",
    ),
    Row(
        name="a missing function (JavaScript)",
        code="g = 1",
        verdicts=[LOAD_ERROR],
        error="ReferenceError",
    ),
    Row(
        name="a function that is a number (JavaScript)",
        code="f = 1",
        verdicts=[LOAD_ERROR],
        error="TypeError",
    ),
    Row(
        name="a call cannot change what a later call sees (JavaScript)",
        code="function f(x) { x.push(1); return x; }",
        inputs=[[0], [0]],
        verdicts=[OK, OK],
        values=[[0, 1], [0, 1]],
    ),
    Row(
        name="a whole number that no double holds is no input (JavaScript)",
        code="function f(x) { return [typeof x, String(x)]; }",
        inputs=[2**53 + 1, -(2**53) - 1, 2**54, f'\\"{2**53 + 1}', 1e300],
        verdicts=[NOT_JSON, NOT_JSON, OK, OK, OK],
        values=[
            None,
            None,
            ["number", "18014398509481984"],
            ["string", '\\"9007199254740993'],
            ["number", "1e+300"],
        ],
    ),
    Row(
        name="modules and classes (JavaScript)",
        code=(
            "const { createHash } = require('crypto');\n"
            "class P { digest(x) { return createHash('sha256').update(x).digest('hex'); } }\n"
            "function f(x) { return new P().digest(x).slice(0, 8); }"
        ),
        inputs=["abc"],
        verdicts=[OK],
        values=["ba7816bf"],
    ),
    Row(
        name="no standard input, and prints go nowhere (JavaScript)",
        code=(
            "function f() { console.log('x'.repeat(1e6));"
            " return require('fs').readFileSync(0, 'utf8'); }"
        ),
        verdicts=[OK],
        values=[""],
    ),
    *(
        Row(
            name=f"{what} is not JSON (JavaScript)",
            code=f"function f() {{ return {expression}; }}",
            verdicts=[NOT_JSON],
        )
        for what, expression in (
            ("NaN", "NaN"),
            ("nothing", "undefined"),
            ("a function", "f"),
            ("a map", "new Map()"),
            ("a promise", "Promise.resolve(1)"),
            ("a big integer", "1n"),
            ("a hole", "[, 1]"),
            ("a lone surrogate", "'\\ud800'"),
            ("an integer over 64 bits", "2 ** 63"),
        )
    ),
]

PROBE = Program(
    entry_point="probe",
    code=(
        "import os\n"
        "def probe():\n"
        " return [os.listdir('/tmp'), sorted(p for p in os.listdir('/proc') if p.isdigit())\n"
        "         == sorted(['1', str(os.getpid())])]"
    ),
)


def given_time(limits: Limits, sandbox: DockerSandbox) -> Limits:
    return replace(limits, cpu_s=limits.cpu_s * sandbox.runtime.slowness)


@pytest.mark.parametrize("row", BENIGN + BROKEN_SOURCES + JAVASCRIPT, ids=lambda row: row.name)
def test_conformance(each_sandbox: DockerSandbox, row: Row) -> None:
    sandbox = each_sandbox
    results = sandbox.run(row.program, row.inputs, limits=given_time(row.limits, sandbox))
    assert [result.verdict for result in results] == row.verdicts
    if row.values is not None:
        assert [result.value for result in results] == row.values
    if row.error:
        assert results[0].error_type == row.error
    assert sandbox.run(PROBE, [{}])[0].value == [[], True]


def draw(
    sandbox: Sandbox, code: str, inputs: list[Json], *, language: str = "python", seed: int = 0
) -> list[Json]:
    program = Program(code=code, entry_point="f", language=language)
    return [result.value for result in sandbox.run(program, inputs, seed=seed)]


RANDOM = {
    "python": "import random, numpy\ndef f(x): return [random.random(), numpy.random.rand()]",
    "javascript": "const f = (x) => Math.random();",
}
RESTARTING = {
    "python": "import os, random\ndef f(x):\n if x: os._exit(1)\n return random.random()",
    "javascript": "function f(x) { if (x) process.exit(1); return Math.random(); }",
}
LANGUAGES = pytest.mark.parametrize("language", sorted(RANDOM))


@LANGUAGES
def test_random_numbers_depend_on_seed_and_index_alone(
    each_sandbox: DockerSandbox, language: str
) -> None:
    sandbox = each_sandbox
    code = RANDOM[language]
    first = draw(sandbox, code, [1, 2, 3], language=language, seed=5)
    assert first == draw(sandbox, code, [9, 9, 9], language=language, seed=5)
    assert first != draw(sandbox, code, [1, 2, 3], language=language, seed=6)
    assert len({str(value) for value in first}) == 3


@LANGUAGES
def test_a_restart_does_not_change_later_random_numbers(
    each_sandbox: DockerSandbox, language: str
) -> None:
    sandbox = each_sandbox
    code = RESTARTING[language]
    stopped = draw(sandbox, code, [0, 1, 0], language=language)
    assert stopped[2] == draw(sandbox, code, [0, 0, 0], language=language)[2] is not None


def test_a_language_without_a_runner_is_refused(each_sandbox: Sandbox) -> None:
    with pytest.raises(TerminalError, match="cannot run cobol"):
        each_sandbox.run(Program(code="", entry_point="f", language="cobol"), [1])


def test_costs_are_stated_where_a_process_ended(each_sandbox: Sandbox) -> None:
    program = Program(code="def f(x):\n while x: pass", entry_point="f")
    first, second = each_sandbox.run(program, [0, 1], limits=QUICK)
    assert first.cpu_ms is None
    # On a loaded machine the wall clock ends it before its CPU seconds do.
    assert second.cpu_ms is not None and 0 < second.cpu_ms < 1000
    assert second.wall_ms >= 490
    assert second.peak_rss_kib is not None and second.peak_rss_kib > 1000


def test_no_inputs_no_results(sandbox: Sandbox) -> None:
    assert sandbox.run(PROBE, []) == []
