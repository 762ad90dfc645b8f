"""Parses Python text, one at a time in a process."""

import ast
import warnings
from threading import Lock

# What a text that cannot be parsed makes the parser raise.
BAD_SYNTAX = (SyntaxError, ValueError, RecursionError, MemoryError)

# CPython 3.11 keeps the depth of the tree it builds in one counter for all threads: two that
# parse at once end in "SystemError: AST constructor recursion depth mismatch".
_ONE_AT_A_TIME = Lock()


def parse_python(text: str) -> ast.Module:
    """Return the tree of a Python 3 module, without the warnings its text is worth.

    Raises:
        SyntaxError: it is no Python 3, or nested deeper than the parser allows.
        ValueError: it holds a character that no source may.
        RecursionError: it is nested too deeply.
        MemoryError: the same.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def parse_expression(text: str) -> ast.expr:
    """Return the tree of one expression.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: as `parse_python`.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text, mode="eval").body
