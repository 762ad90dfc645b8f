"""The program that runs INSIDE the sandbox; the host only reads its source.

Standard library only. `run` takes one job and returns its reply as JSON text. Three tasks:

- `trace`: run a raw file and note the arguments its own code passes to its functions;
- `search`: draw inputs from each generator and note what the probe returns, changes, prints;
- `verify`: call the finished program on drawn inputs, forwards or backwards.

One file, longer than others, because the sandbox gets it as one text. Nothing here looks at a
clock: a call is stopped after a number of executed lines, so the same
job gives the same reply on every machine.
"""

import builtins
import contextlib
import copy
import importlib.abc
import importlib.machinery
import io
import json
import random
import signal
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

STEPS_PER_CALL = 10_000
STEPS_TO_LOAD = 50_000
STEPS_TO_TRACE = 150_000
_PATIENCE_S = 1.0
_MAX_BYTES = 1024
_MAX_PRINTED = 4000
_MAX_ITEMS = 200
_MAX_DEPTH = 8
_CALLS_PER_FUNCTION = 25
_VALUE_NAMES = ("val", "data", "value", "key", "item")
_FEED = ("5", "3", "4", "7", "2", "6", "8", "1 2 3", "abc", "9")


class StepLimit(BaseException):
    """The code under test executed too many lines."""


class NotPlain(Exception):
    """A value has no JSON form."""


def run(job: dict[str, Any]) -> str:
    """Do one job and return the reply as JSON text."""
    tasks = {"trace": _trace, "search": _search, "verify": _verify}
    return json.dumps(tasks[job["task"]](job))


# Values ------------------------------------------------------------------------------------


def to_json(value: Any, depth: int = 0) -> Any:
    """The JSON form of a value, or `NotPlain`."""
    if depth > _MAX_DEPTH:
        raise NotPlain("too deep")
    if value is None or isinstance(value, bool | int | float | str):
        return _scalar(value)
    if hasattr(value, "tolist"):
        return to_json(value.tolist(), depth + 1)
    if isinstance(value, dict):
        return {str(k): to_json(v, depth + 1) for k, v in _first(value.items())}
    if isinstance(value, set | frozenset):
        return sorted([to_json(v, depth + 1) for v in _first(value)], key=_set_key)
    if hasattr(value, "next") and value_name(value):
        return [to_json(getattr(n, value_name(n)), depth + 1) for n in _first(_chain(value))]
    if hasattr(value, "left") and hasattr(value, "right") and value_name(value):
        return [to_json(v, depth + 1) for v in _levels(value)]
    if hasattr(value, "__iter__") and type(value).__name__ != "_Stub":
        return [to_json(v, depth + 1) for v in _first(value)]
    raise NotPlain(type(value).__name__)


def _scalar(value: Any) -> Any:
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise NotPlain("text that cannot be stored")
        return str(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise NotPlain("integer outside 64 bits")
        return int(value)
    if value != value or value in (float("inf"), float("-inf")):
        raise NotPlain("not a finite number")
    return float(value)


def _set_key(value: Any) -> Any:
    return (type(value).__name__, value)


def _first(values: Any) -> Iterator[Any]:
    for position, value in enumerate(values):
        if position >= _MAX_ITEMS:
            raise NotPlain("too long")
        yield value


def _chain(node: Any) -> Iterator[Any]:
    while node is not None:
        yield node
        node = node.next


def _levels(root: Any) -> list[Any]:
    values: list[Any] = []
    queue = [root]
    while queue:
        node = queue.pop(0)
        if len(values) > _MAX_ITEMS:
            raise NotPlain("too long")
        values.append(None if node is None else getattr(node, value_name(node)))
        queue += [] if node is None else [node.left, node.right]
    while values and values[-1] is None:
        values.pop()
    return values


def value_name(node: Any) -> str:
    """The attribute in which a node keeps its value, or an empty string."""
    return next((name for name in _VALUE_NAMES if name in getattr(node, "__dict__", ())), "")


def form(value: Any) -> str:
    """How a returned value becomes JSON: none, plain, tuple, set, linked, tree or mixed."""
    if value is None:
        return "none"
    if hasattr(value, "next") and value_name(value):
        return "linked:" + value_name(value)
    if hasattr(value, "left") and hasattr(value, "right") and value_name(value):
        return "tree:" + value_name(value)
    if _is_plain(value):
        return "plain"
    if isinstance(value, tuple) and all(map(_is_plain, value)):
        return "tuple"
    if isinstance(value, set | frozenset) and len({type(v) for v in value}) < 2:
        return "set" if all(isinstance(v, int | str) for v in value) else "mixed"
    return "mixed"


def _is_plain(value: Any) -> bool:
    if value is None or type(value) in (bool, int, float, str):
        return True
    if type(value) is list:
        return all(map(_is_plain, value))
    return type(value) is dict and all(type(k) is str and _is_plain(v) for k, v in value.items())


def _small(value: Any) -> bool:
    """Whether a JSON value obeys the paper's size rules."""
    return len(json.dumps(value)) < _MAX_BYTES and _parts_small(value)


def _parts_small(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) < 100
    if not isinstance(value, list | dict):
        return True
    parts = [*value, *value.values()] if isinstance(value, dict) else value
    return len(value) < 20 and all(map(_parts_small, parts))


# Running -----------------------------------------------------------------------------------


def bounded(call: Callable[[], Any], steps: int, on_call: Callable[[Any], None]) -> Any:
    """Run `call`, stopping it after `steps` executed lines; `on_call` sees each new frame."""
    left = steps

    def on_line(_frame: Any, event: str, _argument: Any) -> Any:
        nonlocal left
        if event == "line":
            left -= 1
            if left < 0:
                # Python stops tracing where a tracer raises. Code that swallows the error and
                # runs on is killed by the timer: its default action ends the process.
                signal.setitimer(signal.ITIMER_VIRTUAL, _PATIENCE_S)
                raise StepLimit
        return on_line

    def on_event(frame: Any, event: str, _argument: Any) -> Any:
        if event == "call":
            on_call(frame)
        return on_line

    sys.settrace(on_event)
    try:
        result = call()
    finally:
        sys.settrace(None)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    if left < 0:
        raise StepLimit
    return result


def _ignore(_frame: Any) -> None:
    return None


def load(code: Any, name: str) -> dict[str, Any]:
    """Execute a module's text and return its names."""
    names: dict[str, Any] = {"__name__": name}
    module = types.ModuleType(name)
    module.__dict__.update(names)
    sys.modules[name] = module
    compiled = compile(code, f"<{name}>", "exec") if isinstance(code, str) else code
    bounded(lambda: exec(compiled, module.__dict__), STEPS_TO_LOAD, _ignore)  # noqa: S102
    return module.__dict__


def _attempt(call: Callable[[], Any], errors: dict[str, int]) -> Any:
    """The result of `call`, or None with its error counted."""
    try:
        return call()
    except (Exception, StepLimit, SystemExit, GeneratorExit, KeyboardInterrupt) as error:
        name = type(error).__name__
        errors[name] = errors.get(name, 0) + 1
        return None


# Trace -------------------------------------------------------------------------------------


class _Stub:
    """Stands for anything in a module that is not here; does nothing."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Stub()

    def __call__(self, *_: Any, **__: Any) -> Any:
        return _Stub()

    def __iter__(self) -> Iterator[Any]:
        return iter(())


class _StubFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the named packages as modules of stubs, so that demo code gets further."""

    def __init__(self, roots: list[str]) -> None:
        self._roots = set(roots)

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname.split(".")[0] not in self._roots:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: Any) -> Any:
        module: Any = types.ModuleType(spec.name)
        module.__path__ = []
        module.__getattr__ = lambda name: _Stub
        return module

    def exec_module(self, module: Any) -> None:
        pass


def _trace(job: dict[str, Any]) -> dict[str, Any]:
    """Run the file's demo code, then the examples of its docstrings."""
    calls: dict[str, list[Any]] = {}
    errors: dict[str, int] = {}
    sys.meta_path.append(_StubFinder(job["stubs"]))
    feed = iter(_FEED * 30)
    builtins.input = lambda *_: next(feed)
    sys.argv = ["program.py"]
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module

    def on_call(frame: Any) -> None:
        if frame.f_code.co_filename == "<file>" and not frame.f_code.co_name.startswith("<"):
            _note_call(frame, calls)

    with contextlib.redirect_stdout(io.StringIO()):
        for text in [job["source"], *job["examples"]]:
            _attempt(
                lambda text=text: bounded(  # type: ignore[misc]
                    lambda: exec(compile(text, "<file>", "exec"), module.__dict__),  # noqa: S102
                    STEPS_TO_TRACE,
                    on_call,
                ),
                errors,
            )
    return {"calls": calls, "errors": errors}


def _note_call(frame: Any, calls: dict[str, list[Any]]) -> None:
    code = frame.f_code
    noted = calls.setdefault(getattr(code, "co_qualname", code.co_name), [])
    if len(noted) >= _CALLS_PER_FUNCTION:
        return
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    call = {
        name: _snapshot(frame.f_locals[name])
        for name in names
        if name not in ("self", "cls") and name in frame.f_locals
    }
    if call not in noted:
        noted.append(call)


def _snapshot(value: Any) -> list[Any]:
    if value_name(value) or isinstance(value, _Stub) or callable(value):
        return [None, "!" + type(value).__name__]
    try:
        plain = to_json(copy.deepcopy(value))
    except Exception:  # whatever a foreign object raises: it is not JSON
        return [None, "!" + type(value).__name__]
    return [plain, _kind(value)] if _small(plain) else [None, "!large"]


def _kind(value: Any) -> str:
    name = type(value).__name__
    if isinstance(value, dict) and value:
        return "dict[" + type(next(iter(value))).__name__
    return name


# Search ------------------------------------------------------------------------------------


def _search(job: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Try units in order; stop after enough of them that are clearly good."""
    replies: list[list[dict[str, Any]]] = []
    good = 0
    for unit in job["units"]:
        if good >= job["enough"]:
            break
        replies.append(_search_unit(unit))
        good += bool(replies[-1]) and _clearly_good(replies[-1][-1], unit["wanted"])
    return replies


def _search_unit(unit: dict[str, Any]) -> list[dict[str, Any]]:
    """Try profiles in order; stop at the first that is clearly good."""
    replies: list[dict[str, Any]] = []
    for program, generator in unit["profiles"]:
        errors: dict[str, int] = {}
        reply = {"calls": [], "errors": errors, "tries": 0, "large": 0}
        _attempt(
            lambda p=program, g=generator, r=reply: _try_profile(  # type: ignore[misc]
                unit["programs"][p], g, r, unit["tries"], unit["wanted"]
            ),
            errors,
        )
        replies.append(reply)
        if _clearly_good(reply, unit["wanted"]):
            break
    return replies


def _try_profile(
    program: str, generator: str, reply: dict[str, Any], tries: int, wanted: int
) -> None:
    probe = load(program, "probe")["probe"]
    for given in _drawn(generator, tries, seed=11):
        reply["tries"] += 1
        call = _attempt(lambda given=given: _observe(probe, given), reply["errors"])  # type: ignore[misc]
        if call is not None and _small(call["value"]) and _small(call["input"]):
            reply["calls"].append(call)
        elif call is not None:
            reply["large"] += 1
        hopeless = reply["tries"] >= 5 or reply["errors"].get("StepLimit", 0) >= 2
        if not reply["calls"] and hopeless:
            return
        settled = reply["tries"] >= 2 * wanted or len(reply["calls"]) >= wanted
        if settled and len(set(_texts(reply["calls"]))) > 1:
            return


def _drawn(generator: str, tries: int, *, seed: int) -> list[dict[str, Any]]:
    """Distinct inputs, in the order they are drawn."""
    draw = load(generator, "generator")["input_generator"]
    random.seed(seed)
    found: dict[str, dict[str, Any]] = {}
    for _ in range(4 * tries):
        given = draw()
        found.setdefault(json.dumps(given, sort_keys=True), given)
        if len(found) >= tries:
            break
    return list(found.values())


def _observe(probe: Callable[..., Any], given: dict[str, Any]) -> dict[str, Any]:
    """What one call returns, which arguments it changes and what it prints."""
    arguments = copy.deepcopy(given)
    printed = io.StringIO()

    def call() -> tuple[Any, str]:
        result = probe(**arguments)
        kind = form(result)
        return to_json(result), kind

    with contextlib.redirect_stdout(printed):
        value, kind = bounded(call, STEPS_PER_CALL, _ignore)
    changed = {
        name: to_json(after)
        for name, after in arguments.items()
        if isinstance(after, list | dict) and repr(after) != repr(given[name])
    }
    return {
        "input": given,
        "value": value,
        "form": kind,
        "changed": changed,
        "printed": _scalar(printed.getvalue()[:_MAX_PRINTED]),
    }


def _clearly_good(reply: dict[str, Any], wanted: int) -> bool:
    calls = reply["calls"]
    if len(calls) < wanted or sum(reply["errors"].values()) or reply["large"] > 1:
        return False
    echoes = sum(c["value"] in c["input"].values() for c in calls)
    silent = sum(c["value"] is None for c in calls if not c["changed"] and not c["printed"])
    if 2 * echoes > len(calls) or 2 * silent > len(calls):
        return False
    texts = _texts(calls)
    truths = all(isinstance(c["value"], bool) for c in calls)
    least = min(texts.count(text) for text in texts)
    return len(set(texts)) >= 3 or (truths and len(set(texts)) == 2 and least >= 2)


def _texts(calls: list[dict[str, Any]]) -> list[str]:
    """One text for equal outcomes."""
    return [json.dumps([c["value"], c["changed"], c["printed"]], sort_keys=True) for c in calls]


# Verify ------------------------------------------------------------------------------------


def _verify(job: dict[str, Any]) -> dict[str, Any]:
    """Call `main_solution` on drawn inputs; backwards, hidden state would show."""
    errors: dict[str, int] = {}
    solution = load(job["program"], "solution")["main_solution"]
    drawn = _drawn(job["generator"], job["tries"], seed=101)
    order = list(enumerate(drawn))
    results: list[Any] = [None] * len(drawn)
    for position, given in reversed(order) if job["backwards"] else order:
        results[position] = _attempt(
            lambda given=given: [_solved(solution, given)],  # type: ignore[misc]
            errors,
        )
    pairs = [
        [given, result[0]]
        for given, result in zip(drawn, results, strict=True)
        if result is not None and _small(result[0])
    ]
    return {"pairs": pairs, "errors": errors, "tries": len(drawn)}


def _solved(solution: Callable[..., Any], given: dict[str, Any]) -> Any:
    arguments = copy.deepcopy(given)
    with contextlib.redirect_stdout(io.StringIO()):
        result = bounded(lambda: solution(**arguments), STEPS_PER_CALL, _ignore)
    plain = json.loads(json.dumps(result, allow_nan=False))
    if to_json(plain) != plain:
        raise NotPlain("not JSON")
    return plain
