"""Parameters that depend on another one: `n == len(arr)`, an index, a member, a like string."""

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from codeio_ops.jsonvalue import Json
from offline_teacher.drafting.alternatives import MAX_CANDIDATES, Candidate
from offline_teacher.drafting.evidence import Parameter, Traces
from offline_teacher.drafting.specs import (
    ChoiceSpec,
    ConstSpec,
    FloatSpec,
    GraphSpec,
    IntSpec,
    LikeSpec,
    LinkedListSpec,
    ListSpec,
    MapSpec,
    MatrixSpec,
    MemberSpec,
    PlaceSpec,
    RecordSpec,
    Spec,
    TextSpec,
    TreeSpec,
    WordsSpec,
)

_LENGTH = re.compile(r"^(n|size|length|len\w*|num\w*|m|arr_size)$", re.IGNORECASE)
_LOW = re.compile(r"^(low|start|left|l|lo|first|begin|p|i|beg|si)$", re.IGNORECASE)
_HIGH = re.compile(r"^(high|end|right|r|hi|last|ei|j|h)$", re.IGNORECASE)
_COUNT = re.compile(r"^(k|n|m|window\w*)$")
_NODE = re.compile(r"^(start|source|src|node|root|goal|end|dest\w*|target|s|u|v|vertex|begin|key)$")
_MEMBER = re.compile(r"^(target|key|item|x|val|value|elem|element|search\w*|needle|find|query)$")
_SEQUENCES = (ListSpec, TextSpec, MatrixSpec, WordsSpec)
_MAPS = (MapSpec, GraphSpec, RecordSpec)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """A parameter, another one it may depend on, and what was seen of both."""

    name: str
    spec: Spec
    other: str
    other_spec: Spec
    seen: tuple[tuple[Json, Json], ...]
    source: str
    names: tuple[str, ...]

    @property
    def indexed(self) -> bool:
        """Whether the body indexes the other parameter with this one."""
        place = rf"\b{re.escape(self.other)}\[{re.escape(self.name)}(\s*[-+]\s*\d)?\]"
        return re.search(place, self.source) is not None

    @property
    def later(self) -> bool:
        """Whether this parameter follows the other one."""
        return self.names.index(self.name) > self.names.index(self.other)

    def lengths(self) -> list[tuple[int, int]]:
        """Seen values of this parameter beside lengths of the other, where both make sense."""
        return [
            (value, len(other))
            for value, other in self.seen
            if isinstance(value, int) and isinstance(other, list | str)
        ]


def relate(
    function: ast.FunctionDef, parameters: Sequence[Parameter], qualname: str, traces: Traces
) -> list[Parameter]:
    """Put the relation a parameter has, if any, before its other candidates."""
    source, related = ast.unparse(function), set[str]()
    calls = traces.get(qualname, ())
    result = []
    for parameter in parameters:
        spec: Spec | None = None
        for other in parameters:
            if other.name == parameter.name or other.name in related or spec is not None:
                continue
            seen = tuple(
                (call[parameter.name].value, call[other.name].value)
                for call in calls
                if parameter.name in call and other.name in call
            )
            pair = _Pair(
                name=parameter.name,
                spec=parameter.best,
                other=other.name,
                other_spec=other.best,
                seen=seen,
                source=source,
                names=tuple(p.name for p in parameters),
            )
            spec = _relation(pair)
        if spec is not None:
            related.add(parameter.name)
            parameter = _preferring(parameter, spec)
        result.append(parameter)
    return result


def _preferring(parameter: Parameter, spec: Spec) -> Parameter:
    first = Candidate(spec=spec, source="relation")
    rest = parameter.candidates[: MAX_CANDIDATES - 1]
    return replace(parameter, candidates=(first, *rest))


def _relation(pair: _Pair) -> Spec | None:
    rules: tuple[Callable[[_Pair], Spec | None], ...] = (_place, _key, _member, _like)
    return next((spec for spec in (rule(pair) for rule in rules) if spec is not None), None)


def _place(pair: _Pair) -> Spec | None:
    if not isinstance(pair.spec, IntSpec):
        return None
    if isinstance(pair.other_spec, LinkedListSpec) and _COUNT.match(pair.name):
        return PlaceSpec(of=pair.other, role="count")
    if not isinstance(pair.other_spec, _SEQUENCES):
        return None
    lengths = pair.lengths()
    return _seen_place(pair, lengths) if lengths else _likely_place(pair)


def _seen_place(pair: _Pair, lengths: list[tuple[int, int]]) -> Spec | None:
    equal = all(value == length for value, length in lengths)
    value, length = lengths[0]
    if equal and (len(lengths) > 1 or _LENGTH.match(pair.name)):
        return PlaceSpec(of=pair.other, role="length")
    if value == length - 1 and _HIGH.match(pair.name):
        return PlaceSpec(of=pair.other, role="last")
    bounds = any(_HIGH.match(name) for name in pair.names)
    if value == 0 and _LOW.match(pair.name) and (pair.indexed or bounds):
        return ConstSpec(value=0)
    if pair.indexed and all(0 <= value < length for value, length in lengths):
        return PlaceSpec(of=pair.other, role="index")
    inside = all(1 <= value <= length for value, length in lengths)
    return PlaceSpec(of=pair.other, role="count") if inside and _COUNT.match(pair.name) else None


def _likely_place(pair: _Pair) -> Spec | None:
    low = any(_LOW.match(name) for name in pair.names)
    high = any(_HIGH.match(name) for name in pair.names)
    reads = re.search(rf"\b{re.escape(pair.other)}\[", pair.source)
    if _LENGTH.match(pair.name) and (pair.indexed or _ranges_over(pair)):
        return PlaceSpec(of=pair.other, role="length")
    if reads and low and high and _HIGH.match(pair.name):
        return PlaceSpec(of=pair.other, role="last")
    if reads and low and high and _LOW.match(pair.name):
        return ConstSpec(value=0)
    if pair.indexed:
        return PlaceSpec(of=pair.other, role="index")
    return PlaceSpec(of=pair.other, role="count") if pair.name == "k" else None


def _ranges_over(pair: _Pair) -> bool:
    name = re.escape(pair.name)
    return re.search(rf"range\([^)]*\b{name}\b|\[{name} - 1\]", pair.source) is not None


def _key(pair: _Pair) -> Spec | None:
    if not isinstance(pair.other_spec, _MAPS):
        return None
    if not isinstance(pair.spec, IntSpec | TextSpec | ChoiceSpec):
        return None
    keys = [str(value) in other for value, other in pair.seen if isinstance(other, dict)]
    if not (all(keys) if keys else _NODE.match(pair.name)):
        return None
    other = pair.other_spec
    integer = (isinstance(other, GraphSpec) and other.int_nodes) or (
        isinstance(other, MapSpec) and other.int_keys
    )
    return MemberSpec(of=pair.other, base=pair.spec, always=True, integer=integer)


def _member(pair: _Pair) -> Spec | None:
    other = pair.other_spec
    if not isinstance(other, ListSpec | LinkedListSpec):
        return None
    if not isinstance(pair.spec, IntSpec | TextSpec | FloatSpec):
        return None
    if type(other.element) is not type(pair.spec):
        return None
    hits = [value in items for value, items in pair.seen if isinstance(items, list)]
    often = len(hits) > 1 and sum(hits) * 2 >= len(hits)
    if often or _MEMBER.match(pair.name):
        return MemberSpec(of=pair.other, base=pair.spec)
    return None


def _like(pair: _Pair) -> Spec | None:
    one, other = pair.spec, pair.other_spec
    if not pair.later or len(pair.names) > 3:
        return None
    texts = isinstance(one, TextSpec) and isinstance(other, TextSpec)
    lists = (
        isinstance(one, ListSpec)
        and isinstance(other, ListSpec)
        and type(one.element) is type(other.element)
        and isinstance(one.element, IntSpec | TextSpec)
    )
    if isinstance(one, TreeSpec) and one == other:
        return LikeSpec(of=pair.other, base=one, role="variation")
    if not texts and not lists:
        return None
    sizes = [(len(a), len(b)) for a, b in pair.seen if _sized(a) and _sized(b)]  # type: ignore[arg-type]
    if len(sizes) > 1 and all(a == b for a, b in sizes):
        return LikeSpec(of=pair.other, base=one, role="as_long")
    ordered = isinstance(one, ListSpec) and one.ordered
    return None if ordered else LikeSpec(of=pair.other, base=one, role="variation")


def _sized(value: Json) -> bool:
    return isinstance(value, str | list)
