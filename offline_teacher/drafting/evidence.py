"""Ranked candidates for every parameter of a function, each with the source of its type.

Order of trust: traced values, examples in text, annotation, docstring type, default, name and
usage together, usage, name, a guess. Every order below is fixed, so equal files give equal ranks.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from codeio_ops.jsonvalue import Json
from offline_teacher.drafting.alphabets import tested_characters, with_alphabet
from offline_teacher.drafting.alternatives import (
    MAX_CANDIDATES,
    Candidate,
    with_alternatives,
)
from offline_teacher.drafting.annotations import spec_from_docstring, spec_from_node
from offline_teacher.drafting.examples import (
    as_json,
    examples_in_text,
    spec_from_values,
)
from offline_teacher.drafting.names import specs_from_name
from offline_teacher.drafting.parse import ParsedFile
from offline_teacher.drafting.refusal import UnitRefused
from offline_teacher.drafting.specs import (
    ChoiceSpec,
    FloatSpec,
    GraphSpec,
    IntSpec,
    LinkedListSpec,
    ListSpec,
    MapSpec,
    MatrixSpec,
    Spec,
    TextSpec,
    TreeSpec,
    WordsSpec,
)
from offline_teacher.drafting.usage import Usage, usage_of
from offline_teacher.drafting.usage_specs import specs_from_usage

_GUESSES: tuple[Spec, ...] = (IntSpec(), ListSpec(element=IntSpec(low=0, high=20)), TextSpec())
_TEXT_LIKE = (TextSpec, WordsSpec, ChoiceSpec)
_LIST_LIKE = (ListSpec, MatrixSpec)
_COMMENT = re.compile(r"#[^\n]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One argument that the file's own code passed; `kind` starts with `!` when not JSON."""

    value: Json
    kind: str


Traces: TypeAlias = Mapping[str, Sequence[Mapping[str, Observed]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a unit with its candidates, likeliest first."""

    name: str
    candidates: tuple[Candidate, ...]
    keyword_only: bool = False
    default: ast.expr | None = None

    @property
    def best(self) -> Spec:
        """The likeliest spec."""
        return self.candidates[0].spec

    @property
    def traced(self) -> bool:
        """Whether a real value of it was seen."""
        return self.candidates[0].source == "trace"


def parameters_of(
    file: ParsedFile, function: ast.FunctionDef, qualname: str, traces: Traces
) -> list[Parameter]:
    """All parameters of `function` but `self` and `cls`, with ranked candidates.

    Raises:
        UnitRefused: `varargs`, `callable_parameter` or `object_parameter`.
    """
    arguments = function.args
    if arguments.vararg and not arguments.args:
        raise UnitRefused("varargs", qualname)
    plain = arguments.posonlyargs + arguments.args
    missing = len(plain) - len(arguments.defaults)
    defaults = [None] * missing + list(arguments.defaults)
    pairs = [*zip(plain, defaults, strict=True)]
    pairs += zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    named = [(arg, default) for arg, default in pairs if arg.arg not in ("self", "cls")]
    examples = examples_in_text(_prose_of(file, function), [arg.arg for arg, _ in named])
    keyword_only = {arg.arg for arg in arguments.kwonlyargs}
    return [
        Parameter(
            name=arg.arg,
            candidates=_ranked(
                _Clues(
                    file=file,
                    function=function,
                    argument=arg,
                    default=default,
                    observed=[c[arg.arg] for c in traces.get(qualname, ()) if arg.arg in c],
                    examples=examples.get(arg.arg, []),
                )
            ),
            keyword_only=arg.arg in keyword_only,
            default=default,
        )
        for arg, default in named
    ]


def _prose_of(file: ParsedFile, function: ast.FunctionDef) -> str:
    texts = [ast.get_docstring(function) or "", ast.get_docstring(file.tree) or ""]
    return "\n".join([*texts, *_COMMENT.findall(file.source)])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clues:
    """Everything known about one parameter."""

    file: ParsedFile
    function: ast.FunctionDef
    argument: ast.arg
    default: ast.expr | None
    observed: list[Observed]
    examples: list[Json]

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.function) or ""

    @property
    def search_tree(self) -> bool:
        text = f"{self.function.name} {self.argument.arg} {self.docstring}".lower()
        return "bst" in text or "search tree" in text


def _ranked(clues: _Clues) -> tuple[Candidate, ...]:
    usage = usage_of(clues.function, clues.argument.arg, clues.file)
    _check_usable(clues, usage)
    found: dict[Spec, str] = {}
    characters = tested_characters(clues.file, clues.function)
    for source, spec in _evidence(clues, usage):
        tested = with_alphabet(spec, characters) if characters else None
        if tested is not None:
            found.setdefault(tested, source)
        found.setdefault(_search_tree(spec, clues), source)
    if not found:
        found = dict.fromkeys(_GUESSES, "guess")
    ranked = [Candidate(spec=spec, source=source) for spec, source in found.items()]
    return with_alternatives(ranked[:MAX_CANDIDATES])


def _search_tree(spec: Spec, clues: _Clues) -> Spec:
    if isinstance(spec, TreeSpec) and clues.search_tree:
        return replace(spec, search=True)
    return spec


def _check_usable(clues: _Clues, usage: Usage) -> None:
    kinds = {observed.kind for observed in clues.observed}
    if usage.weight("callable") or kinds & {"!function", "!method", "!builtin_function_or_method"}:
        raise UnitRefused("callable_parameter", clues.argument.arg)
    known = usage.weights.total() - usage.weight("object", "truth", "node")
    values = any(not kind.startswith("!") for kind in kinds - {"None"})
    if usage.weight("object") and known <= 0 and not values:
        raise UnitRefused("object_parameter", clues.argument.arg)


def _evidence(clues: _Clues, usage: Usage) -> Iterator[tuple[str, Spec]]:
    nodes = bool(usage.weight("tree", "linked"))
    annotated = spec_from_node(clues.argument.annotation)
    used = specs_from_usage(usage)
    if nodes:
        yield from (("usage", spec) for spec in used[:1])
    else:
        yield from _valued(clues, annotated)
    if annotated is not None:
        yield "annotation", annotated
    documented = spec_from_docstring(clues.docstring, clues.argument.arg)
    if documented is not None:
        yield "docstring", documented
    yield from _default(clues)
    named = specs_from_name(clues.argument.arg)
    yield from (("usage", spec) for spec in _agreeing(named, used))
    yield from (("usage", spec) for spec in used[:3])
    yield from (("name", spec) for spec in named[:3])


def _agreeing(named: Sequence[Spec], used: Sequence[Spec]) -> list[Spec]:
    """The first spec that the name suggests and the usage allows."""
    return [spec for spec in named if any(_alike(spec, other) for other in used[:3])][:1]


def _valued(clues: _Clues, annotated: Spec | None) -> Iterator[tuple[str, Spec]]:
    """Specs of real values: traced ones, then those written in prose."""
    traced = _traced(clues.observed)
    if traced is not None:
        yield "trace", traced
    written = spec_from_values(clues.examples)
    if written is not None and (annotated is None or _alike(written, annotated)):
        yield "docstring", written


def _traced(observed: list[Observed]) -> Spec | None:
    if observed and all(item.kind.startswith("!") for item in observed):
        return _node_spec(observed[0].kind)
    seen = [item for item in observed if not item.kind.startswith("!")]
    spec = spec_from_values([item.value for item in seen if item.value not in ([], {}, "")])
    kinds = {item.kind.split("[")[0] for item in seen}
    if isinstance(spec, ListSpec) and kinds == {"tuple"}:
        return replace(spec, wanted="tuple")
    if isinstance(spec, ListSpec) and kinds & {"set", "frozenset"}:
        return replace(spec, wanted="set", distinct=True)
    int_keys = any(item.kind.startswith("dict[int") for item in seen)
    if isinstance(spec, MapSpec):
        key = IntSpec(low=0, high=9) if int_keys else spec.key
        return replace(spec, int_keys=int_keys, key=key)
    if isinstance(spec, GraphSpec):
        return replace(spec, int_nodes=int_keys)
    return spec


def _node_spec(kind: str) -> Spec | None:
    if "Tree" in kind:
        return TreeSpec()
    return LinkedListSpec() if "Node" in kind else None


def _default(clues: _Clues) -> Iterator[tuple[str, Spec]]:
    value = literal(clues.default)
    spec = None if value is None else spec_from_values([value])
    if spec is not None:
        yield "default", spec


def literal(node: ast.expr | None) -> Json:
    """The JSON value of a literal expression, or None."""
    if node is None:
        return None
    try:
        return as_json(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def _alike(one: Spec, other: Spec) -> bool:
    if isinstance(one, _TEXT_LIKE) and isinstance(other, _TEXT_LIKE):
        return True
    if isinstance(one, ListSpec) and isinstance(other, ListSpec):
        return type(one.element) is type(other.element)
    if isinstance(one, IntSpec | FloatSpec) and isinstance(other, IntSpec | FloatSpec):
        return True
    return type(one) is type(other) or (
        isinstance(one, _LIST_LIKE) and isinstance(other, _LIST_LIKE) and type(one) is type(other)
    )
