"""Parses Python once for all filters that look at one file."""

import ast
from functools import lru_cache

from codeio_ops.python_syntax import parse_python


@lru_cache(maxsize=1)
def python_tree(text: str) -> ast.Module:
    """Return the tree of a Python 3 file.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: as `parse_python`.
    """
    return parse_python(text.removeprefix("\ufeff"))
