"""What a program reads of its surroundings shows, however it gets there; what it computes stays."""

import pytest

from codeio_ops.jsonvalue import Json, canonical
from codeio_ops.sandbox.base import Limits, Program, RunResult, Verdict
from codeio_ops.sandbox.pool import DockerSandbox

# Reached in ways that no name in the text betrays.
READS = {
    "time of day": "getattr(__import__('ti' + 'me'), 'ti' + 'me')() // 3600",
    "date": "str(vars(__import__('datetime'))['date'].today())",
    "weekday": "(lambda d: vars(d)['now'].__get__(None, d)().weekday() < 5)"
    "(__import__('datetime').datetime)",
    "hour": "getattr(__import__('datetime').datetime, 'n' + 'ow')().hour < 12",
    "year": "__import__('importlib').import_module('ti' + 'me').localtime()[0]",
    "leap year": "__import__('calendar').isleap(getattr(__import__('time'), 'gmtime')()[0])",
    "mail date": "__import__('email.utils').utils.formatdate()[:16]",
    "time zone": "getattr(__import__('time'), 'tz' + 'name')[0]",
    "host name": "getattr(__import__('os'), 'un' + 'ame')().nodename",
    "kernel": "getattr(__import__('platform'), 'rel' + 'ease')()",
    "processors": "len(getattr(__import__('os'), 'sched_get' + 'affinity')(0))",
    "process id": "getattr(__import__('os'), 'get' + 'pid')() % 2",
    "environment": "sorted(getattr(__import__('os'), 'envi' + 'ron'))",
    "home": "__import__('os.path').path.expanduser('~')",
    "directory": "getattr(__import__('os'), 'getc' + 'wd')()",
    "scratch": "getattr(__import__('tempfile'), 'gettemp' + 'dir')()",
    "file of the kernel": "open('/proc/' + 'version').read()",
    "boot": "open('/proc/sys/kernel/random/' + 'boot_id').read()",
    "hash": "hash('a word')",
    "order of a set": "list({'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'})",
    "random number": "__import__('random').random()",
    "uuid": "str(__import__('uuid').uuid1())[14:]",
    "address": "id(object())",
    "thread": "__import__('_thread').get_ident()",
}
READS_JAVASCRIPT = {
    "date": "new Date(Date.now()).toISOString().slice(0, 10)",
    "hour": "new Date().getHours()",
    "weekday": "new (globalThis['Da' + 'te'])().getDay()",
    "offset of the time zone": "new Date(0).getTimezoneOffset()",
    "time zone": "String(Intl.DateTimeFormat().resolvedOptions().timeZone)",
    "random number": "Math.random()",
    "process id": "process['p' + 'id'] % 2",
}
COMPUTES = {
    "date of the input": "(lambda d: str(d.date(2024, 2, 29) + d.timedelta(days=x)))"
    "(__import__('datetime'))",
    "weekday of the input": "__import__('calendar').weekday(2000 + x, 1, 1)",
    "seeded": "(lambda r: [r.random() for _ in range(3)])(__import__('random').Random(x))",
    "sum of floats": "sum(n / 7 for n in range(1000))",
    "sorted set": "sorted({'a', 'b', 'c'})",
    "matrix": "(lambda n: n.arange(9).reshape(3, 3).dot(n.ones(3)).tolist())(__import__('numpy'))",
    "sleep": "(lambda t: (t.sleep(0.001), x)[1])(__import__('time'))",
    "file in scratch": "(open('a.txt', 'w').write('b'), open('a.txt').read())[1]",
}
LIMITS = Limits(cpu_s=5.0)


def _both(
    program: Program, first: DockerSandbox, second: DockerSandbox
) -> tuple[RunResult, RunResult]:
    inputs: list[Json] = [{"x": 3}]
    [one] = first.run(program, inputs, limits=LIMITS, seed=1)
    [other] = second.run(program, inputs, limits=LIMITS, seed=2)
    return one, other


def _python(expression: str) -> Program:
    code = f"def main_solution(x):\n    return {expression}\n"
    return Program(code=code, entry_point="main_solution", language="python")


def _javascript(expression: str) -> Program:
    code = f"function main_solution({{ x }}) {{ return {expression}; }}"
    return Program(code=code, entry_point="main_solution", language="javascript")


def _agree(one: RunResult, other: RunResult) -> bool:
    ran = one.verdict is Verdict.OK and other.verdict is Verdict.OK
    return ran and canonical(one.value) == canonical(other.value)


PROCESSORS = _python(READS["processors"])
PROGRAMS_THAT_READ = {name: _python(text) for name, text in READS.items()} | {
    f"{name} (JavaScript)": _javascript(text) for name, text in READS_JAVASCRIPT.items()
}


@pytest.mark.parametrize("program", PROGRAMS_THAT_READ.values(), ids=PROGRAMS_THAT_READ.keys())
def test_a_value_that_is_read_differs(
    program: Program, sandbox: DockerSandbox, confirming: DockerSandbox
) -> None:
    one, other = _both(program, sandbox, confirming)
    assert one.verdict is Verdict.OK, one.error_message
    if (program, one.value) == (PROCESSORS, 1):
        pytest.skip("a machine of one processor has no fewer")
    assert not _agree(one, other)


@pytest.mark.parametrize("expression", COMPUTES.values(), ids=COMPUTES.keys())
def test_a_value_that_is_computed_is_the_same(
    expression: str, sandbox: DockerSandbox, confirming: DockerSandbox
) -> None:
    one, other = _both(_python(expression), sandbox, confirming)
    assert one.verdict is Verdict.OK, one.error_message
    assert _agree(one, other)


def test_javascript_computes_the_same(sandbox: DockerSandbox, confirming: DockerSandbox) -> None:
    one, other = _both(
        _javascript("new Date(Date.UTC(2024, 1, 29 + x)).toISOString()"), sandbox, confirming
    )
    assert _agree(one, other)


def test_time_passes_elsewhere_too(confirming: DockerSandbox) -> None:
    passed = _python("(lambda t: (t.sleep(0.05), t.monotonic() - begin)[1])(__import__('time'))")
    timed = Program(
        code="import time\nbegin = time.monotonic()\n" + passed.code,
        entry_point="main_solution",
        language="python",
    )
    [result] = confirming.run(timed, [{"x": 1}], limits=LIMITS)
    assert isinstance(result.value, float)
    assert 0.04 < result.value < 5
