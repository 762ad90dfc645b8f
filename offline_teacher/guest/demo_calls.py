"""Running a raw file's own demo code, to see what it passes to its functions."""

import builtins
import contextlib
import copy
import importlib.abc
import importlib.machinery
import io
import sys
from collections.abc import Iterator
from functools import partial
from types import FrameType, ModuleType
from typing import Any

from codeio_ops.jsonvalue import check, within_size_rules
from offline_teacher.guest.execution import PATIENCE_S, Budget, attempt, bounded, filename
from offline_teacher.guest.json_form import converted, value_name

STEPS = 150_000
_CALLS_PER_FUNCTION = 25
_NAME = "file"
_FEED = ("5", "3", "4", "7", "2", "6", "8", "1 2 3", "abc", "9")

Calls = dict[str, list[dict[str, list[Any]]]]


def demo_calls(*, source: str, examples: list[str], stubs: list[str]) -> dict[str, Any]:
    """Run a file, then the examples of its docstrings.

    Returns:
        `calls`: of each function, by qualified name, the distinct calls: for each argument its
        JSON value and class, or null and a class that starts with `!`. `errors`: counts by class.
    """
    calls: Calls = {}
    errors: dict[str, int] = {}
    sys.meta_path.append(_StubFinder(stubs))
    feed = iter(_FEED * 30)
    builtins.input = lambda *_: next(feed)
    sys.argv = ["program.py"]
    module = sys.modules["__main__"] = ModuleType("__main__")

    def on_call(frame: FrameType) -> None:
        code = frame.f_code
        if code.co_filename == filename(_NAME) and not code.co_name.startswith("<"):
            _note_call(frame, calls)

    def run(text: str) -> None:
        exec(compile(text, filename(_NAME), "exec"), module.__dict__)

    with contextlib.redirect_stdout(io.StringIO()):
        for text in [source, *examples]:
            budget = Budget(STEPS, patience_s=PATIENCE_S)
            attempt(partial(bounded, partial(run, text), budget, on_call), errors)
    return {"calls": calls, "errors": errors}


def _note_call(frame: FrameType, calls: Calls) -> None:
    code = frame.f_code
    noted = calls.setdefault(code.co_qualname, [])
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
    """The JSON value of an argument and its class."""
    if value_name(value) or isinstance(value, _Stub) or callable(value):
        return [None, "!" + type(value).__name__]
    try:
        plain = converted(copy.deepcopy(value))
        check(plain)
    except Exception:  # whatever a foreign object raises: it is not JSON
        return [None, "!" + type(value).__name__]
    return [plain, _kind(value)] if within_size_rules(plain) else [None, "!large"]


def _kind(value: Any) -> str:
    name = type(value).__name__
    if isinstance(value, dict) and value:
        return "dict[" + type(next(iter(value))).__name__
    return name


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
        module: Any = ModuleType(spec.name)
        module.__path__ = []
        module.__getattr__ = lambda name: _Stub
        return module

    def exec_module(self, module: Any) -> None:
        pass
