"""What every sandbox backend must do: one row a promise, hostile programs included.

Each row runs in the container that the row before used, and after each one a probe
proves that the container is clean.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox.base import Limits, Program, Sandbox, Verdict

OK, EXCEPTION, LOAD_ERROR = Verdict.OK, Verdict.EXCEPTION, Verdict.LOAD_ERROR
TIMEOUT, MEMORY, OUTPUT = Verdict.TIMEOUT, Verdict.MEMORY_LIMIT, Verdict.OUTPUT_LIMIT
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

HOSTILE = [
    Row(name="endless loop", code=body("while True: pass"), verdicts=[TIMEOUT]),
    Row(name="endless work in C", code=body("return len(str(3 ** 10**8))"), verdicts=[TIMEOUT]),
    Row(name="endless sleep", code=body("time.sleep(1e6)"), verdicts=[TIMEOUT]),
    Row(
        name="endless loop that ignores exceptions and signals",
        code=body(
            "for s in range(1, 65):",
            "  try: signal.signal(s, signal.SIG_IGN)",
            "  except (OSError, ValueError): pass",
            "while True:",
            "  try: os.getpid()",
            "  except BaseException: pass",
        ),
        verdicts=[TIMEOUT],
    ),
    Row(name="sys.exit", code=body("sys.exit(0)"), verdicts=[EXCEPTION], error="SystemExit"),
    Row(name="sys.exit at import", code="raise SystemExit", verdicts=[LOAD_ERROR]),
    Row(name="os._exit", code=body("os._exit(0)"), verdicts=[CRASHED]),
    Row(name="abort", code=body("os.abort()"), verdicts=[CRASHED]),
    Row(name="a null pointer", code=body("ctypes.string_at(0)"), verdicts=[CRASHED]),
    Row(
        name="fork bomb",
        code=body("while True: os.fork()"),
        verdicts=[EXCEPTION],
        error="PermissionError",
    ),
    Row(
        name="fork by raw system calls",
        code=body(
            "libc = ctypes.CDLL(None, use_errno=True)",
            "return [libc.syscall(n, 17, 0, 0, 0, 0) for n in (56, 57, 58, 435)]",
        ),
        verdicts=[OK],
        values=[[-1, -1, -1, -1]],
    ),
    Row(
        name="thread bomb",
        code=body(
            "import threading",
            "while True: threading.Thread(target=time.sleep, args=(60,)).start()",
        ),
        verdicts=[EXCEPTION],
        error="RuntimeError",
    ),
    Row(
        name="another program",
        code=body("import subprocess", "subprocess.run(['/usr/bin/python3.11', '-V'])"),
        verdicts=[EXCEPTION],
        error="PermissionError",
    ),
    Row(
        name="a program from memory",
        code=body("os.memfd_create('x')"),
        verdicts=[EXCEPTION],
        error="PermissionError",
    ),
    Row(
        name="kill everyone",
        code=body("os.kill(-1, 9)"),
        verdicts=[EXCEPTION],
        error="PermissionError",
    ),
    Row(
        name="kill oneself",
        code=body("signal.raise_signal(9)"),
        verdicts=[EXCEPTION],
        error="PermissionError",
    ),
    Row(
        name="limit the supervisor",
        code=body("import resource", "resource.prlimit(1, resource.RLIMIT_AS, (1, 1))"),
        verdicts=[EXCEPTION],
        error="PermissionError",
    ),
    Row(
        name="raise one's own limits",
        code=body("import resource", "resource.setrlimit(resource.RLIMIT_AS, (-1, -1))"),
        verdicts=[EXCEPTION],
        error="ValueError",
    ),
    Row(
        name="lower one's own CPU limit",
        code=body("import resource", "resource.setrlimit(0, (1, 1))", "while True: pass"),
        verdicts=[TIMEOUT],
        limits=Limits(cpu_s=3),
    ),
    Row(
        name="become root",
        code=body("os.setuid(0)"),
        verdicts=[EXCEPTION],
        error="PermissionError",
    ),
    Row(
        name="the supervisor's memory and descriptors",
        code=body(
            "denied = []",
            "for name in ('mem', 'environ', 'maps', 'fd/0', 'fd/1', 'oom_score_adj'):",
            "  try: os.open('/proc/1/' + name, os.O_RDWR)",
            "  except OSError: denied.append(name)",
            "return len(denied)",
        ),
        verdicts=[OK],
        values=[6],
    ),
    Row(
        name="system calls for other processes, namespaces and io_uring",
        code=body(
            "libc = ctypes.CDLL(None, use_errno=True)",
            "calls = {'ptrace': 101, 'process_vm_readv': 310, 'pidfd_open': 434, 'mount': 165,",
            "  'unshare': 272, 'io_uring_setup': 425, 'bpf': 321, 'keyctl': 250, 'shmget': 29,",
            "  'perf_event_open': 298, 'userfaultfd': 323, 'setsid': 112, 'mq_open': 240}",
            "return [n for n, c in calls.items() if libc.syscall(c, 16, 1, 0, 0, 0, 0) != -1]",
        ),
        verdicts=[OK],
        values=[[]],
    ),
    Row(
        name="a socket",
        code=body("socket.socket()"),
        verdicts=[EXCEPTION],
        error="PermissionError",
    ),
    Row(
        name="a name server",
        code=body("socket.getaddrinfo('example.com', 80)"),
        verdicts=[EXCEPTION],
        error="gaierror",
    ),
    Row(
        name="writing outside of scratch",
        code=body(
            "written = []",
            "for path in ('/x', '/etc/x', '/dev/x', '/dev/shm/x', '/opt/codeio/x', '/run/x'):",
            "  try: open(path, 'w'); written.append(path)",
            "  except OSError: pass",
            "return written",
        ),
        verdicts=[OK],
        values=[[]],
    ),
    Row(
        name="filling the disk",
        code=body("for n in range(100): open(f'/tmp/{n}', 'wb').write(bytes(1 << 22))"),
        verdicts=[EXCEPTION],
        error="OSError",
    ),
    Row(
        name="one file over the limit",
        code=body("open('/tmp/x', 'wb').write(bytes(9 << 20)); open('/tmp/x', 'ab').write(b'x')"),
        verdicts=[EXCEPTION],
        error="OSError",
    ),
    Row(
        name="files that are hard to delete",
        code=body(
            "os.chdir('/tmp')",
            "for depth in range(100):",
            "  name = 'd' * 200; os.mkdir(name); os.chdir(name)",
            "  os.mkdir('closed'); os.chmod('closed', 0); open('x', 'w').close()",
            "os.symlink('/', '/tmp/.moved-0')",
            "os.chmod('/tmp/' + 'd' * 200, 0)",
            "return 1",
        ),
        verdicts=[OK],
    ),
    Row(
        name="a list that eats memory",
        code=body("x = []", "while True: x.append(bytearray(1 << 24))"),
        verdicts=[MEMORY],
        limits=Limits(cpu_s=5),
    ),
    Row(name="one huge allocation", code=body("bytearray(1 << 36)"), verdicts=[MEMORY]),
    Row(name="output over the limit", code=body("return 'x' * 65_535"), verdicts=[OUTPUT]),
    Row(name="a set", code=body("return {1}"), verdicts=[NOT_JSON], error="TypeError"),
    Row(name="NaN", code=body("return float('nan')"), verdicts=[NOT_JSON], error="ValueError"),
    Row(
        name="a value that holds itself",
        code=body("x = []; x.append(x); return x"),
        verdicts=[NOT_JSON],
    ),
    Row(name="a lone surrogate", code=body("return chr(0xD800)"), verdicts=[NOT_JSON]),
    Row(name="a NUL character", code=body("return chr(0)"), verdicts=[NOT_JSON]),
    Row(name="an integer over 64 bits", code=body("return 2 ** 63"), verdicts=[NOT_JSON]),
    Row(
        name="an integer of 30,000 digits",
        code=body("sys.set_int_max_str_digits(0)", "return 10 ** 30_000"),
        verdicts=[NOT_JSON],
    ),
    Row(
        name="a value nested 900 deep",
        code=body("x = []", "for _ in range(900): x = [x]", "return x"),
        verdicts=[NOT_JSON],
    ),
    Row(
        name="a forged value nested 30,000 deep",
        code=body(
            "b = b'[' * 30_000 + b']' * 30_000",
            "os.write(3, struct.pack('!BI', 0, len(b)) + b); time.sleep(9)",
        ),
        verdicts=[NOT_JSON],
    ),
    Row(
        name="a patched json module",
        code=body(
            "import json",
            "json.JSONEncoder.encode = lambda *_: 'NaN'",
            "return 1",
        ),
        verdicts=[NOT_JSON],
    ),
    Row(
        name="an exception whose text cannot be made",
        code="class E(Exception):\n def __str__(self): raise self\ndef f(): raise E",
        verdicts=[EXCEPTION],
        error="E",
    ),
    Row(
        name="a forged result is the forger's own",
        code=body("os.write(3, struct.pack('!BI', 0, 1) + b'7'); time.sleep(9)"),
        inputs=[{}],
        verdicts=[OK],
        values=[7],
    ),
    Row(
        name="junk on the result pipe",
        code=body("os.write(3, bytes([255]) * 100)", "time.sleep(9)"),
        verdicts=[CRASHED],
    ),
    Row(
        name="a flood on the result pipe",
        code=body("while True: os.write(3, b'\\0\\0\\xff\\xff\\xff' + b'x' * 65536)"),
        verdicts=[OUTPUT],
    ),
    Row(
        name="endless empty progress on the result pipe",
        code=body("while True: os.write(3, struct.pack('!BI', 6, 0))"),
        verdicts=[TIMEOUT],
    ),
    Row(
        name="half a result and then silence",
        code=body("os.write(3, b'\\0\\0\\0\\0\\x05')", "time.sleep(1e6)"),
        verdicts=[TIMEOUT],
    ),
    Row(
        name="a closed result pipe costs the supervisor nothing",
        code=body("os.close(3)", "time.sleep(1e6)"),
        verdicts=[TIMEOUT],
    ),
    Row(
        name="a thread that outlives the call",
        code=body(
            "import threading",
            "def late():",
            "  time.sleep(0.05); os.write(3, struct.pack('!BI', 0, 1) + b'9')",
            "threading.Thread(target=late).start()",
            "return 'main'",
        ),
        verdicts=[OK],
        values=["main"],
    ),
    Row(
        name="exit handlers do not run",
        code=body("import atexit", "atexit.register(time.sleep, 100)", "return 1"),
        verdicts=[OK],
    ),
    Row(
        name="no setting of the host in the environment",
        code=body(
            "ours = ('CODEIO', 'AWS', 'OPENAI', 'DOCKER', 'PG', 'AIRFLOW', 'PIP', 'UV')",
            "return [name for name in os.environ if name.startswith(ours)]",
        ),
        verdicts=[OK],
        values=[[]],
    ),
    Row(
        name="a source with a lone surrogate",
        code="x = '\ud800'\ndef f(): return 1",
        verdicts=[LOAD_ERROR],
    ),
    Row(name="a source with a NUL", code="x = 1\x00\ndef f(): return 1", verdicts=[LOAD_ERROR]),
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


@pytest.mark.parametrize("row", BENIGN + HOSTILE, ids=lambda row: row.name)
def test_conformance(sandbox: Sandbox, row: Row) -> None:
    program = Program(code=row.code, entry_point="f")
    results = sandbox.run(program, row.inputs, limits=row.limits)
    assert [result.verdict for result in results] == row.verdicts
    if row.values is not None:
        assert [result.value for result in results] == row.values
    if row.error:
        assert results[0].error_type == row.error
    assert sandbox.run(PROBE, [{}])[0].value == [[], True]


def draw(sandbox: Sandbox, code: str, inputs: list[Json], **options: Any) -> list[Json]:
    program = Program(code=code, entry_point="f")
    return [result.value for result in sandbox.run(program, inputs, **options)]


def test_random_numbers_depend_on_seed_and_index_alone(sandbox: Sandbox) -> None:
    code = "import random, numpy\ndef f(x): return [random.random(), float(numpy.random.rand())]"
    first = draw(sandbox, code, [1, 2, 3], seed=5)
    assert first == draw(sandbox, code, [9, 9, 9], seed=5)
    assert first != draw(sandbox, code, [1, 2, 3], seed=6)
    assert len({str(value) for value in first}) == 3


def test_a_restart_does_not_change_later_random_numbers(sandbox: Sandbox) -> None:
    code = "import os, random\ndef f(x):\n if x: os._exit(1)\n return random.random()"
    assert draw(sandbox, code, [0, 1, 0])[2] == draw(sandbox, code, [0, 0, 0])[2]


def test_costs_are_stated_where_a_process_ended(sandbox: Sandbox) -> None:
    program = Program(code="def f(x):\n while x: pass", entry_point="f")
    first, second = sandbox.run(program, [0, 1], limits=QUICK)
    assert first.cpu_ms is None
    assert second.cpu_ms is not None and 490 < second.cpu_ms < 1000
    assert second.wall_ms >= 490
    assert second.peak_rss_kib is not None and second.peak_rss_kib > 1000


def test_no_inputs_no_results(sandbox: Sandbox) -> None:
    assert sandbox.run(PROBE, []) == []
