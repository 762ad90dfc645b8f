"""The text of a program: the file's own definitions, codecs and `main_solution`."""

from collections.abc import Sequence
from typing import TypeAlias

from offline_teacher.drafting.codecs import (
    argument,
    builders,
    codec_of,
    converted,
    node_definitions,
    readers,
)
from offline_teacher.drafting.results import ResultForm, nested_type
from offline_teacher.drafting.spec_text import input_description
from offline_teacher.drafting.specs import Spec
from offline_teacher.drafting.units import Unit

Inputs: TypeAlias = Sequence[tuple[str, Spec]]

_PRINT_IMPORTS = ("import contextlib", "import io")
_MAX_PROSE = 160


def probe_source(unit: Unit, inputs: Inputs) -> str:
    """A module with `probe`, which takes JSON arguments and returns the raw result."""
    names = ", ".join(name for name, _ in inputs)
    probe = f"def probe({names}):\n    return {_call(unit, inputs)}"
    return _module(unit, inputs, [], [probe], imports=())


def program_source(unit: Unit, inputs: Inputs, result: ResultForm) -> str:
    """The finished module; `main_solution` stands last."""
    imports = _PRINT_IMPORTS if result.role == "printed" else ()
    main = _main_solution(unit, inputs, result)
    return _module(unit, inputs, readers(result.form), [main], imports=imports)


def _module(
    unit: Unit,
    inputs: Inputs,
    reading: list[str],
    last: list[str],
    *,
    imports: Sequence[str],
) -> str:
    codecs = {codec_of(spec) for _, spec in inputs}
    blocks = [
        *node_definitions(unit.closure, codecs),
        *unit.closure.blocks,
        *builders(unit.closure, codecs),
        *reading,
        *last,
    ]
    head = _sorted_imports([*unit.closure.imports, *imports])
    return "\n\n\n".join(block.strip("\n") for block in [head, *blocks] if block) + "\n"


def _sorted_imports(imports: Sequence[str]) -> str:
    future = sorted({line for line in imports if line.startswith("from __future__")})
    plain = sorted({line for line in imports if line.startswith("import ")})
    rest = sorted(set(imports) - set(future) - set(plain))
    return "\n".join([*future, *plain, *rest])


def _call(unit: Unit, inputs: Inputs) -> str:
    return unit.call.format(**{name: argument(name, codec_of(spec)) for name, spec in inputs})


def _main_solution(unit: Unit, inputs: Inputs, result: ResultForm) -> str:
    signature = ", ".join(name for name, _ in inputs)
    body = {
        "returned": _returned,
        "changed": _changed,
        "printed": _printed,
    }[result.role](_call(unit, inputs), result)
    return "\n".join([f"def main_solution({signature}):", *(f"    {line}" for line in body)])


def _returned(call: str, result: ResultForm) -> list[str]:
    conversion = converted(result.form)
    if conversion == "result":
        return [f"return {call}"]
    return [f"result = {call}", f"return {conversion}"]


def _changed(call: str, result: ResultForm) -> list[str]:
    return [call, f"return {result.argument}"]


def _printed(call: str, _: ResultForm) -> list[str]:
    return [
        "printed = io.StringIO()",
        "with contextlib.redirect_stdout(printed):",
        f"    {call}",
        "return [line.rstrip() for line in printed.getvalue().splitlines()]",
    ]


def description(inputs: Inputs, result: ResultForm, returns: str) -> str:
    """The description of inputs and output, one line for each.

    Args:
        inputs: Name and spec of each input.
        result: What comes out.
        returns: What the docstring says about the result, or an empty string.
    """
    prose = {
        "returned": returns[:_MAX_PROSE] or "the value that is returned",
        "changed": f"the contents of `{result.argument}` afterwards",
        "printed": "the lines that are printed",
    }[result.role]
    output = f"Output:\n- ({nested_type(result.outputs)}): {prose}"
    return f"{input_description(inputs)}\n{output}"
