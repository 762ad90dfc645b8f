"""The characters that a function tests for, as an alphabet for its strings."""

import ast
from collections.abc import Iterator
from dataclasses import replace

from offline_teacher.drafting.parse import ParsedFile
from offline_teacher.drafting.specs import ListSpec, MatrixSpec, Spec, TextSpec

_MAX_CHARS = 30


def tested_characters(file: ParsedFile, function: ast.FunctionDef) -> str:
    """Printable characters that the function, or what it uses, compares or looks up; sorted."""
    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    nodes: list[ast.AST] = [function]
    nodes += [node for name, node in file.constants.items() if name in used]
    nodes += [node for name, node in file.definitions.items() if name in used]
    found = {char for node in nodes for part in ast.walk(node) for char in _characters(part)}
    return "".join(sorted(char for char in found if char.isprintable()))[:_MAX_CHARS]


def _characters(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Compare(left=left, comparators=others):
            yield from (char for part in [left, *others] for char in _text_of(part))
        case ast.Dict(keys=keys):
            yield from (char for key in keys if key is not None for char in _text_of(key))


def _text_of(node: ast.expr) -> str:
    """The characters of a constant, or of the one-character constants in a literal."""
    match node:
        case ast.Constant(value=str(text)) if len(text) <= _MAX_CHARS:
            return text
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            return "".join(_text_of(part) for part in parts)
    return ""


def with_alphabet(spec: Spec, characters: str) -> Spec | None:
    """The spec over those characters, or None where it holds no free strings."""
    match spec:
        case TextSpec(seeds=()):
            alphabet = characters if len(characters) > 1 else characters + "abc"
            return replace(spec, alphabet=alphabet)
        case ListSpec(element=TextSpec(seeds=()) as element):
            inner = with_alphabet(element, characters)
            return None if inner is None else replace(spec, element=inner)
        case MatrixSpec(cell=TextSpec(seeds=())):
            cells = TextSpec(alphabet=characters, shortest=1, longest=1)
            return replace(spec, cell=cells)
    return None
