"""Value specs: what an input looks like, and the source that draws it.

The one import for users of specs. Determinism: equal specs give equal text.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from offline_teacher.drafting.annotations import spec_from_annotation
from offline_teacher.drafting.container_specs import (
    ListSpec,
    MapSpec,
    MatrixSpec,
    RecordSpec,
    RowSpec,
    default_map,
)
from offline_teacher.drafting.examples import spec_from_values
from offline_teacher.drafting.relation_specs import LikeSpec, MemberSpec, PlaceSpec
from offline_teacher.drafting.scalar_specs import (
    BoolSpec,
    ChoiceSpec,
    ConstSpec,
    FloatSpec,
    IntSpec,
    Scalar,
    TextSpec,
    WordsSpec,
)
from offline_teacher.drafting.structure_specs import (
    GraphSpec,
    LinkedListSpec,
    Operation,
    OperationsSpec,
    TreeSpec,
)

if TYPE_CHECKING:
    from offline_teacher.drafting.spec_union import Spec

__all__ = [
    "BoolSpec",
    "ChoiceSpec",
    "ConstSpec",
    "FloatSpec",
    "GraphSpec",
    "IntSpec",
    "LikeSpec",
    "LinkedListSpec",
    "ListSpec",
    "MapSpec",
    "MatrixSpec",
    "MemberSpec",
    "Operation",
    "OperationsSpec",
    "PlaceSpec",
    "RecordSpec",
    "RowSpec",
    "Scalar",
    "TextSpec",
    "TreeSpec",
    "WordsSpec",
    "default_map",
    "describe",
    "generator_expression",
    "generator_source",
    "input_description",
    "spec_from_annotation",
    "spec_from_values",
]


def generator_expression(spec: "Spec") -> str:
    """Python source of an expression that draws one value of `spec` with `random`."""
    return spec.expression()


def generator_source(params: "Sequence[tuple[str, Spec]]") -> str:
    """Python source of the whole `input_generator`; depending parameters are drawn last."""
    related = (LikeSpec, MemberSpec, PlaceSpec)
    ordered = sorted(params, key=lambda item: isinstance(item[1], related))
    drawn = [f"    {name} = {spec.expression()}" for name, spec in ordered]
    pairs = ", ".join(f'"{name}": {name}' for name, _ in params)
    head = ["import random", "", "", "def input_generator():"]
    return "\n".join([*head, *drawn, f"    return {{{pairs}}}"]) + "\n"


def describe(spec: "Spec") -> tuple[str, str]:
    """The type and the prose of a spec, as they stand in the description of an input."""
    return spec.type_text, re.sub(r"\s+", " ", spec.prose())


def input_description(params: "Sequence[tuple[str, Spec]]") -> str:
    """One line per parameter under `Input:`, each `` - `name` (TYPE): prose ``."""
    lines = [f"- `{name}` ({kind}): {prose}" for name, (kind, prose) in _described(params)]
    return "\n".join(["Input:", *lines])


def _described(params: "Sequence[tuple[str, Spec]]") -> list[tuple[str, tuple[str, str]]]:
    return [(name, describe(spec)) for name, spec in params]
