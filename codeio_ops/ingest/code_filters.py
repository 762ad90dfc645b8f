"""Filters that look at the code of a file and not only at its size.

Each returns why the file is dropped, or None. Which of them apply is a setting of the source.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from codeio_ops.ingest.source_settings import SourceSettings
from codeio_ops.ingest.syntax import python_tree
from codeio_ops.private_data import find_personal_data, find_secrets
from codeio_ops.reasons import DropReason
from codeio_ops.records import Drop

_VENDORED = {
    "vendor", "vendors", "vendored", "_vendor", "third_party", "thirdparty", "third-party",
    "site-packages", "dist-packages", "node_modules", "bower_components", "externals",
}  # fmt: skip
_TEST_DIRECTORIES = {"test", "tests", "testing", "__tests__", "spec"}
_TEST_NAME = re.compile(r"(test_.*|.*_test|tests?|conftest|.*\.(test|spec))\.\w+$")
_GENERATED_NAME = re.compile(r".*(_pb2|_pb2_grpc|_pb|\.g|_generated|_autogen)\.\w+$")
_GENERATED = re.compile(
    r"(auto[- ]?generated|generated (by|from|with|using)|do not (edit|modify)|@generated)", re.I
)
_HEAD_LINES = 12
# Lines of minified code are this long on average, or one is this long.
_LONG_MEAN, _LONG_LINE = 110, 5000
_COMMENT = re.compile(r"""^\s*(#|//|/\*|\*|"{3}|'{3})""")

_BRANCHES = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.comprehension,
    ast.match_case, ast.Assert,
)  # fmt: skip
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Check = Callable[[str, str], "Drop | None"]


def code_drop(path: str, text: str, settings: SourceSettings) -> Drop | None:
    """Return why a file must not enter the pipeline, or None when it may."""
    switched: dict[str, Check] = {
        "vendored": _vendored,
        "tests": _test,
        "generated": _generated,
        "minified": _minified,
        "secrets": _secret,
        "personal_data": _personal_data,
    }
    for name, check in switched.items():
        if getattr(settings, name) == "drop" and (drop := check(path, text)):
            return drop
    return _complexity(text, settings)


def _vendored(path: str, text: str) -> Drop | None:
    found = _VENDORED.intersection(part.lower() for part in PurePosixPath(path).parts[:-1])
    return Drop(reason=DropReason.VENDORED, detail=f"below {min(found)}/") if found else None


def _test(path: str, text: str) -> Drop | None:
    *directories, name = PurePosixPath(path.lower()).parts or ("",)
    if _TEST_DIRECTORIES.intersection(directories) or _TEST_NAME.fullmatch(name):
        return Drop(reason=DropReason.TEST_FILE, detail="by its path")
    return None


def _generated(path: str, text: str) -> Drop | None:
    if _GENERATED_NAME.fullmatch(path):
        return Drop(reason=DropReason.GENERATED, detail="by its name")
    for line in text.splitlines()[:_HEAD_LINES]:
        if _COMMENT.match(line) and (found := _GENERATED.search(line)):
            return Drop(reason=DropReason.GENERATED, detail=f"its head says {found[0]!r}")
    return None


def _minified(path: str, text: str) -> Drop | None:
    lines = text.splitlines() or [""]
    mean, longest = len(text) // len(lines), max(map(len, lines))
    if mean > _LONG_MEAN or longest > _LONG_LINE:
        detail = f"lines of {mean} characters on average, {longest} at most"
        return Drop(reason=DropReason.MINIFIED, detail=detail)
    return None


def _secret(path: str, text: str) -> Drop | None:
    found = next(find_secrets(text), None)
    return Drop(reason=DropReason.SECRET, detail=found) if found else None


def _personal_data(path: str, text: str) -> Drop | None:
    found = next(find_personal_data(text), None)
    return Drop(reason=DropReason.PERSONAL_DATA, detail=found) if found else None


def _complexity(text: str, settings: SourceSettings) -> Drop | None:
    tree = _parse(text)
    if tree is None:
        return None
    statements = sum(isinstance(node, ast.stmt) for node in ast.walk(tree))
    if statements < settings.min_statements:
        return Drop(reason=DropReason.TOO_TRIVIAL, detail=f"{statements} statements")
    if statements > settings.max_statements:
        return Drop(reason=DropReason.TOO_COMPLEX, detail=f"{statements} statements")
    branches = max(_function_branches(tree), default=0)
    if branches > settings.max_branches:
        return Drop(reason=DropReason.TOO_COMPLEX, detail=f"a function with {branches} branches")
    return None


def _parse(text: str) -> ast.Module | None:
    """Return the tree; None for Python 2 and other languages, which are not measured."""
    try:
        return python_tree(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _function_branches(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS):
            yield sum(isinstance(inner, _BRANCHES) for inner in ast.walk(node))
