"""The Python source that draws values of specs with `random`; equal specs give equal text."""

from collections.abc import Sequence

from codeio_ops.jsonvalue import Json
from offline_teacher.drafting import specs
from offline_teacher.drafting.spec_text import type_text

_RARE_SHARE = 0.4
_WORDS = [
    "red", "apple", "the", "level", "sky", "Code", "river", "a", "noon", "blue", "stone", "to",
]  # fmt: skip


def generator_source(params: Sequence[tuple[str, specs.Spec]]) -> str:
    """Python source of the whole `input_generator`; depending parameters are drawn last."""
    ordered = sorted(params, key=lambda item: isinstance(item[1], specs.RelationSpec))
    drawn = [f"    {name} = {expression(spec)}" for name, spec in ordered]
    pairs = ", ".join(f'"{name}": {name}' for name, _ in params)
    head = ["import random", "", "", "def input_generator():"]
    return "\n".join([*head, *drawn, f"    return {{{pairs}}}"]) + "\n"


def with_rare_inputs(source: str, inputs: Sequence[Json]) -> str:
    """A generator that draws nearly half of its inputs from a list of rare ones."""
    head, body = source.split("def input_generator():\n")
    rows = "".join(f"            {given!r},\n" for given in inputs)
    rare = f"    if random.random() < {_RARE_SHARE}:\n        return random.choice([\n"
    rare += f"{rows}        ])\n"
    return f"{head}def input_generator():\n{rare}{body}"


def expression(spec: specs.Spec) -> str:
    """Python source of an expression that draws one value.

    Of a relation it reads the variable `of`, which must be drawn before.
    """
    if isinstance(spec, specs.ScalarSpec):
        return _scalar(spec)
    if isinstance(spec, specs.ContainerSpec):
        return _container(spec)
    return _structure(spec) if isinstance(spec, specs.StructureSpec) else _relation(spec)


def _scalar(spec: specs.ScalarSpec) -> str:
    match spec:
        case specs.IntSpec(low=low, high=high):
            return f"random.randint({low}, {high})"
        case specs.FloatSpec(low=least, high=most):
            return f"round(random.uniform({least}, {most}), 2)"
        case specs.BoolSpec():
            return "random.choice([True, False])"
        case specs.TextSpec():
            return _text(spec)
        case specs.WordsSpec(fewest=fewest, most=count):
            return f"' '.join(random.choices({_WORDS!r}, k=random.randint({fewest}, {count})))"
        case specs.ChoiceSpec(values=values):
            return f"random.choice({list(values)!r})"
        case specs.ConstSpec(value=value):
            return repr(value)


def _text(spec: specs.TextSpec) -> str:
    seeds = f"random.choice({list(spec.seeds)!r})"
    if spec.seeds and spec.shaped:
        letters = "".join(char for char in spec.alphabet if char.isalpha()) or "abc"
        return (
            f"''.join(random.choice({letters!r}) if c.isalpha() "
            f"else random.choice('123456789') if c.isdigit() else c for c in {seeds})"
        )
    length = f"random.randint({spec.shortest}, {spec.longest})"
    drawn = f"''.join(random.choices({spec.alphabet!r}, k={length}))"
    if spec.shortest == spec.longest == 1:
        drawn = f"random.choice({spec.alphabet!r})"
    return f"({seeds} if random.random() < 0.3 else {drawn})" if spec.seeds else drawn


def _container(spec: specs.ContainerSpec) -> str:
    match spec:
        case specs.ListSpec():
            return _list(spec)
        case specs.RowSpec(columns=columns):
            return "[" + ", ".join(map(expression, columns)) + "]"
        case specs.MatrixSpec():
            return _matrix(spec)
        case specs.MapSpec(key=key, value=value, int_keys=int_keys):
            drawn = f"str({expression(key)})" if int_keys else expression(key)
            return f"{{{drawn}: {expression(value)} for _ in range(random.randint(2, 5))}}"
        case specs.RecordSpec(fields=fields):
            return "{" + ", ".join(f"{name!r}: {expression(field)}" for name, field in fields) + "}"


def _list(spec: specs.ListSpec | specs.LinkedListSpec) -> str:
    length = f"random.randint({spec.shortest}, {spec.longest})"
    drawn = f"[{expression(spec.element)} for _ in range({length})]"
    match spec:
        case specs.ListSpec(element=specs.IntSpec(low=low, high=high), distinct=True) if (
            high - low >= spec.longest
        ):
            drawn = f"random.sample(range({low}, {high + 1}), {length})"
    return f"sorted({drawn})" if spec.ordered else drawn


def _matrix(spec: specs.MatrixSpec) -> str:
    size, cell = f"random.randint({spec.fewest}, {spec.most})", expression(spec.cell)
    if spec.square:
        return f"[[{cell} for _ in range(n)] for n in [{size}] for _ in range(n)]"
    return (
        f"[[{cell} for _ in range(columns)] for rows, columns in [({size}, {size})] "
        "for _ in range(rows)]"
    )


def _structure(spec: specs.StructureSpec) -> str:
    match spec:
        case specs.GraphSpec():
            return _graph(spec)
        case specs.LinkedListSpec():
            return _list(spec)
        case specs.TreeSpec(low=low, high=high, search=True):
            return f"random.sample(range({low}, {high + 1}), random.randint(2, 8))"
        case specs.TreeSpec(low=low, high=high):
            return (
                f"[random.randint({low}, {high}) if i == 0 or random.random() < 0.85 else None "
                "for i in range(random.randint(1, 9))]"
            )
        case specs.OperationsSpec(operations=operations):
            return _operations(operations)


def _graph(spec: specs.GraphSpec) -> str:
    key, other = ("str(i)", "str(j)") if spec.int_nodes else ("chr(65 + i)", "chr(65 + j)")
    tail = "for n in [random.randint(3, 6)] for i in range(n)}"
    if spec.weighted:
        edges = f"{other}: random.randint(1, 9) for j in range(n) if j != i"
        return f"{{{key}: {{{edges} and random.random() < 0.6}} {tail}"
    others = f"[{'j' if spec.int_nodes else other} for j in range(n) if j != i]"
    return f"{{{key}: sorted(random.sample({others}, random.randint(1, min(3, n - 1)))) {tail}"


def _operations(operations: Sequence[specs.Operation]) -> str:
    first = ", ".join(_operation(operation) for operation in operations if operation.arguments)
    rest = ", ".join(map(_operation, operations))
    return (
        f"[random.choice([{first}]) for _ in range(2)] + "
        f"[random.choice([{first}] if random.random() < 0.4 else [{rest}]) "
        "for _ in range(random.randint(2, 7))]"
    )


def _operation(operation: specs.Operation) -> str:
    return "[" + ", ".join([repr(operation.name), *map(expression, operation.arguments)]) + "]"


def _relation(spec: specs.RelationSpec) -> str:
    match spec:
        case specs.PlaceSpec(of=of, role=role):
            return {
                "length": f"len({of})",
                "last": f"len({of}) - 1",
                "index": f"random.randrange(len({of}))",
                "count": f"random.randint(1, len({of}))",
            }[role]
        case specs.MemberSpec(of=of, always=True, integer=integer):
            return f"int(random.choice(list({of})))" if integer else f"random.choice(list({of}))"
        case specs.MemberSpec(of=of, base=base):
            return (
                f"(random.choice({of}) if {of} and random.random() < 0.7 else {expression(base)})"
            )
        case specs.LikeSpec(role="as_long"):
            return _as_long(spec)
        case specs.LikeSpec():
            return _variation(spec)


def _as_long(spec: specs.LikeSpec) -> str:
    of, base = spec.of, spec.base
    if type_text(base) == "str":
        alphabet = base.alphabet if isinstance(base, specs.TextSpec) else "abcde"
        drawn = f"random.choices({alphabet!r}, k=len({of}))"
        return f"''.join(random.choice([random.sample({of}, len({of})), {drawn}]))"
    element = base.element if isinstance(base, specs.ListSpec | specs.LinkedListSpec) else base
    return f"[{expression(element)} for _ in {of}]"


def _variation(spec: specs.LikeSpec) -> str:
    of, drawn = spec.of, expression(spec.base)
    match type_text(spec.base):
        case "str":
            shuffled = f"''.join(random.sample({of}, len({of})))"
            return f"random.choice([{shuffled}, {of}[:random.randint(1, len({of}) + 1)], {drawn}])"
        case "List[Optional[int]]":
            return f"random.choice([list({of}), {drawn}])"
        case _:
            part = f"random.sample({of}, random.randint(min(1, len({of})), len({of})))"
            return f"random.choice([{part}, {drawn}])"
