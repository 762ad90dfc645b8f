"""Parses Python once for all filters that look at one file."""

import ast
import warnings
from functools import lru_cache


@lru_cache(maxsize=1)
def python_tree(text: str) -> ast.Module:
    """Return the tree of a Python 3 file.

    Raises:
        SyntaxError: it is no Python 3, or nested deeper than the parser allows.
        ValueError: it holds a character that no source may.
        RecursionError: it is nested too deeply.
        MemoryError: the same.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text.removeprefix("\ufeff"))
