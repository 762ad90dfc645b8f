"""Which parts of a text are Python code, and which are words: strings, comments, prose."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from typing import TypeAlias

from codeio_ops.python_syntax import BAD_SYNTAX, parse_python

# [start, end) in characters.
Spans: TypeAlias = "list[tuple[int, int]]"

_WORDS = {"STRING", "COMMENT", "FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END"}
_LONE_RETURN = re.compile(r"\r(?!\n)")


def python_code(text: str) -> Spans:
    """Return the tokens of a Python program that are neither strings nor comments.

    A line of prose can be a Python expression, so a statement that does nothing but name a
    value counts as words. A text that is no Python 3 has no code.
    """
    lines = _LONE_RETURN.sub("\n", text)
    try:
        words = set(_lines_of_words(parse_python(lines)))
        return [span for row, span in _tokens(lines) if row not in words]
    except (*BAD_SYNTAX, tokenize.TokenError):
        return []


def _lines_of_words(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        names = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call | ast.Await)
        declares = isinstance(node, ast.AnnAssign) and node.value is None
        if isinstance(node, ast.stmt) and (names or declares):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _tokens(text: str) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield line and span of each token of code."""
    starts = [0, *(end.end() for end in re.finditer("\n", text)), len(text)]
    for token in tokenize.generate_tokens(io.StringIO(text, newline="").readline):
        if tokenize.tok_name[token.type] not in _WORDS:
            (first, start), (last, end) = token.start, token.end
            yield first, (starts[first - 1] + start, starts[min(last, len(starts)) - 1] + end)
