"""Which definitions may become a program: no I/O, randomness, clock, network or globals."""

import ast

from offline_teacher.drafting.parse import ParsedFile, import_roots
from offline_teacher.drafting.refusal import UnitRefused


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Modules a program may import, and of some only the named members.
ALLOWED_MODULES = _words(
    "__future__ abc array base64 binascii bisect calendar cmath collections copy dataclasses "
    "datetime decimal difflib enum fractions functools hashlib heapq itertools json math numbers "
    "numpy operator queue re statistics string struct sys textwrap types typing unicodedata zlib "
    "typing_extensions contextlib"
)
_MEMBERS_ONLY = {"sys": frozenset(("maxsize", "float_info", "setrecursionlimit"))}
_FORBIDDEN_CALLS = _words(
    "open input raw_input exec eval compile __import__ globals locals vars exit quit breakpoint "
    "help id file"
)
_FORBIDDEN_MEMBERS = frozenset(("now", "today", "utcnow", "stdin", "stdout", "random"))
# Refused as impure, not as missing: having them would not help.
_IMPURE_MODULES = _words(
    "argparse asyncio bs4 cv2 django flask glob http io kivy logging matplotlib multiprocessing "
    "os pathlib pickle platform pygame random requests scipy seaborn secrets select selenium "
    "shutil signal smtplib socket sqlite3 ssl subprocess tempfile threading time timeit tkinter "
    "turtle urllib urllib2 uuid"
)


def check_pure(file: ParsedFile, definition: ast.AST) -> None:
    """Refuse a definition whose result may depend on anything but its arguments.

    Raises:
        UnitRefused: `impure` or `missing_import`.
    """
    for node in ast.walk(definition):
        _check_statement(node)
        _check_name(file, node)
        _check_member(file, node)


def check_module(root: str) -> None:
    """Refuse a module that is not on the list of pure ones.

    Raises:
        UnitRefused: `impure` or `missing_import`.
    """
    if root in _IMPURE_MODULES:
        raise UnitRefused("impure", f"import of {root}")
    if root not in ALLOWED_MODULES:
        raise UnitRefused("missing_import", root or "relative import")


def check_member(root: str, member: str) -> None:
    """Refuse a member of a module that is allowed only in part.

    Raises:
        UnitRefused: `impure`.
    """
    allowed = _MEMBERS_ONLY.get(root)
    if member in _FORBIDDEN_MEMBERS or (allowed is not None and member not in allowed):
        raise UnitRefused("impure", f"{root}.{member}")


def _check_statement(node: ast.AST) -> None:
    if isinstance(node, ast.Global):
        raise UnitRefused("impure", "global statement")
    if isinstance(node, ast.AsyncFunctionDef | ast.Await):
        raise UnitRefused("impure", "asynchronous code")
    for root in import_roots(node):
        check_module(root)


def _check_name(file: ParsedFile, node: ast.AST) -> None:
    match node:
        case ast.Name(id=name, ctx=ast.Load()) if name in _FORBIDDEN_CALLS:
            if name not in file.definitions:
                raise UnitRefused("impure", f"call of {name}")


def _check_member(file: ParsedFile, node: ast.AST) -> None:
    match node:
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in file.imports:
            check_member(file.imports[name].root, attr)
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id=name)), attr=attr):
            if name in file.imports and attr in _FORBIDDEN_MEMBERS:
                raise UnitRefused("impure", f"{name}...{attr}")
