"""What a program's text names of its surroundings: its output is no function of its input then.

The second run sees the same day, host and files as the first, so a program that reads them passes
it, and is wrong tomorrow or elsewhere. It is known by its names, before a container is paid for
it. Names that are made at run time are left to the second run, which differs in hash seed,
`random` seed, order and process.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from codeio_ops.python_syntax import BAD_SYNTAX, parse_python

_READ: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "the clock": (
            "time.time", "time.time_ns", "time.clock_gettime", "time.clock_gettime_ns",
            "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns",
            "time.process_time", "time.process_time_ns", "time.thread_time", "time.localtime",
            "time.gmtime", "time.ctime", "time.asctime", "time.strftime", "datetime.datetime.now",
            "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
            "pandas.Timestamp.now", "pandas.Timestamp.today", "pandas.Timestamp.utcnow",
            "timeit", "os.times", "time.timezone", "time.altzone", "time.tzname",
        ),
        "the host": (
            "platform", "socket", "psutil", "resource", "os.cpu_count", "os.uname",
            "os.getloadavg", "os.sysconf", "os.sched_getaffinity", "os.statvfs", "sys.version",
            "sys.getrefcount", "sys.getsizeof", "numpy.__version__", "pandas.__version__",
            "scipy.__version__",
        ),
        "the process": (
            "uuid.uuid1", "uuid.getnode", "os.getpid", "os.getppid", "os.getpgid", "os.getuid",
            "os.geteuid", "os.getgid", "os.getegid", "os.getlogin", "getpass.getuser",
            "random.getstate", "numpy.random.get_state", "tempfile.gettempdir",
        ),
        "the order of threads": ("threading", "_thread", "concurrent.futures", "multiprocessing"),
        "the environment": (
            "os.environ", "os.environb", "os.getenv", "os.getcwd", "sys.argv", "sys.executable",
            "os.path.expanduser", "os.path.expandvars", "pathlib.Path.home", "pathlib.Path.cwd",
        ),
        "the network": (
            "urllib.request", "http.client", "ftplib", "smtplib", "requests", "httpx", "aiohttp",
            "urllib3", "ssl",
        ),
    }
)  # fmt: skip
_KIND = {name: kind for kind, names in _READ.items() for name in names}
# With so many arguments, the last of which is the time, these compute and read nothing.
_PURE_FROM = {
    "time.localtime": 1, "time.gmtime": 1, "time.ctime": 1, "time.asctime": 1, "time.strftime": 2,
}  # fmt: skip

# Where the path is given in the text: of a host, unless it is scratch.
_OPENS = frozenset({"open", "io.open", "os.open", "pathlib.Path", "numpy.loadtxt"})
_LISTS = frozenset({"os.listdir", "os.scandir", "os.walk", "glob.glob", "glob.iglob"})
_SCRATCH = "/tmp"  # noqa: S108 - a path in the container

# Words in strings and comments are none; modules are named by strings.
_JAVASCRIPT = re.compile(
    r"""
      \brequire\(\s*["'](?:node:)?(?P<module>os|fs|net|http|https|dns|child_process|perf_hooks)\b
    | (?P<name>\bDate\.now\b | \bDate\s*\(\s*\) | \bnew\s+Date\b(?!\s*\() | \bperformance\.now\b
        | \bprocess\.(?:env|pid|ppid|hrtime|uptime|cwd|argv|memoryUsage|cpuUsage|version)\b)
    | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | //[^\n]* | /\*.*?\*/
    """,
    re.X | re.S,
)


def surroundings_of(code: str, language: str) -> str:
    """Return the first name by which a program reads its surroundings; empty when it reads none.

    Args:
        code: Its text.
        language: Of the text.
    """
    return min(_FINDERS[language](code), default="")


def _in_python(code: str) -> Iterator[str]:
    try:
        tree = parse_python(code)
    except BAD_SYNTAX:
        return  # the sandbox says what is wrong with it
    imported = _imported(tree)
    computes: set[ast.expr] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _dotted(node.func, imported)
            if name in _PURE_FROM and len(node.args) + len(node.keywords) >= _PURE_FROM[name]:
                computes.add(node.func)
            if name in _LISTS or (name in _OPENS and _is_of_host(node)):
                yield f"{name} reads files of the host"
        if isinstance(node, ast.Name | ast.Attribute) and node not in computes:
            yield from _named(_dotted(node, imported))


def _imported(tree: ast.Module) -> dict[str, str]:
    """Return what each imported name stands for, as a dotted path."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                top = item.name.partition(".")[0]
                found[item.asname or top] = item.name if item.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module:
            for item in node.names:
                found[item.asname or item.name] = f"{node.module}.{item.name}"
            if any(item.name == "*" for item in node.names):
                found |= _all_of(node.module)
    return found


def _all_of(module: str) -> dict[str, str]:
    """Return what `from module import *` may bring of what is looked for."""
    inside = (name.removeprefix(f"{module}.") for name in _KIND if name.startswith(f"{module}."))
    return {head: f"{module}.{head}" for head in (name.partition(".")[0] for name in inside)}


def _dotted(node: ast.expr, imported: Mapping[str, str]) -> str:
    """Return the dotted path that an expression names; empty where it is none."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    if node.id not in imported:
        return "" if parts or node.id != "open" else node.id
    return ".".join([imported[node.id], *reversed(parts)])


def _named(dotted: str) -> Iterator[str]:
    while dotted:
        if kind := _KIND.get(dotted):
            yield f"{dotted} reads {kind}"
        dotted = dotted.rpartition(".")[0]


def _is_of_host(call: ast.Call) -> bool:
    path = call.args[0] if call.args else None
    text = path.value if isinstance(path, ast.Constant) else None
    return isinstance(text, str) and text.startswith("/") and not text.startswith(_SCRATCH)


def _in_javascript(code: str) -> Iterator[str]:
    for found in _JAVASCRIPT.finditer(code):
        name = found["module"] or found["name"]
        if name:
            yield f"{' '.join(name.split())} reads what surrounds the program"


_FINDERS: Mapping[str, Callable[[str], Iterator[str]]] = MappingProxyType(
    {"python": _in_python, "javascript": _in_javascript}
)
