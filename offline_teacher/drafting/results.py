"""What a probe showed about a unit, and what therefore is its result.

Replies come out of the sandbox, so they are read as untrusted data: anything malformed counts
as no result.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from codeio_ops.jsonvalue import Json, canonical, within_size_rules

Role = Literal["returned", "changed", "printed"]
_MIN_CALLS = 3
_MAX_ECHO = 0.7
_FORM = re.compile(r"none|plain|tuple|set|mixed|(linked|tree):(val|data|value|key|item)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeCall:
    """One call of a probe that ended without an exception."""

    given: dict[str, Json]
    value: Json
    form: str
    changed: dict[str, Json]
    printed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileReply:
    """What one profile gave: the calls, and how many tries failed."""

    calls: tuple[ProbeCall, ...]
    errors: int
    endless: int
    large: int

    @property
    def rate(self) -> float:
        """Share of tries that did not fail."""
        done = len(self.calls) + self.large
        return done / max(1, done + self.errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultForm:
    """How a call becomes one JSON value.

    Attributes:
        role: Whether the result is returned, is a changed argument, or is printed.
        form: Conversion of a returned value: plain, tuple, set, linked, tree or mixed.
        argument: The changed argument.
        outputs: The values seen in this form.
    """

    role: Role
    form: str
    argument: str
    outputs: tuple[Json, ...]


def read_profile(reply: Json) -> ProfileReply:
    """One profile's reply; malformed parts are left out."""
    fields = reply if isinstance(reply, dict) else {}
    calls, errors = fields.get("calls"), fields.get("errors")
    counts = errors if isinstance(errors, dict) else {}
    numbers = {key: count for key, count in counts.items() if isinstance(count, int)}
    large = fields.get("large")
    read = [_read_call(call) for call in calls] if isinstance(calls, list) else []
    return ProfileReply(
        calls=tuple(call for call in read if call is not None),
        errors=sum(numbers.values()),
        endless=numbers.get("BudgetSpent", 0),
        large=large if isinstance(large, int) else 0,
    )


def _read_call(call: Json) -> ProbeCall | None:
    match call:
        case {
            "input": dict(given),
            "value": value,
            "form": str(form),
            "changed": dict(changed),
            "printed": str(printed),
        } if _FORM.fullmatch(form) and set(changed) <= set(given):
            return ProbeCall(given=given, value=value, form=form, changed=changed, printed=printed)
    return None


def result_of(calls: Sequence[ProbeCall]) -> ResultForm | None:
    """The result of a unit: what most calls return, else change, else print."""
    half = len(calls) / 2
    quiet = not any(call.changed or call.printed for call in calls)
    returned = [call for call in calls if call.form != "none"]
    if len(calls) >= _MIN_CALLS and len(returned) >= (half / 2 if quiet else half):
        outputs = tuple(call.value for call in calls)
        return ResultForm(role="returned", form=_form(returned), argument="", outputs=outputs)
    changed = Counter(name for call in calls for name in call.changed)
    if changed and changed.most_common(1)[0][1] >= half:
        name = changed.most_common(1)[0][0]
        outputs = tuple(call.changed.get(name, call.given[name]) for call in calls)
        return ResultForm(role="changed", form="plain", argument=name, outputs=outputs)
    if sum(bool(call.printed.strip()) for call in calls) >= max(half, 1):
        printed = tuple[Json, ...](_lines(call.printed) for call in calls)
        return ResultForm(role="printed", form="plain", argument="", outputs=printed)
    return None


def _lines(printed: str) -> list[Json]:
    return [line.rstrip() for line in printed.splitlines()]


def _form(returned: Sequence[ProbeCall]) -> str:
    forms = {call.form for call in returned}
    return forms.pop() if len(forms) == 1 else "mixed"


def score(reply: ProfileReply, result: ResultForm, rank: int) -> float | None:
    """How good a profile is, or None where it misses the criterion.

    Args:
        reply: What the profile gave.
        result: The result taken from it.
        rank: Sum of the ranks of its candidates; later ones are less likely right.
    """
    usable = [
        (call.given, output)
        for call, output in zip(reply.calls, result.outputs, strict=True)
        if output is not None and within_size_rules(output) and within_size_rules(dict(call.given))
    ]
    counts = Counter(canonical(output) for _, output in usable)
    variety = len(counts)
    if len(usable) < _MIN_CALLS or variety < 2 or reply.rate < 0.5:
        return None
    echoes = sum(output in given.values() for given, output in usable) / len(usable)
    if echoes > _MAX_ECHO and result.role == "returned":
        return None
    full = min(len(usable), 8) / 8 - 0.12 * rank - 0.5 * reply.endless
    return 3 * reply.rate + min(variety, 6) / 4 + full - (0.4 if result.role == "printed" else 0)


def type_of(values: Sequence[Json]) -> str:
    """The type of example values as descriptions write it."""
    kinds = sorted({_kind(value) for value in values if value is not None})
    if not kinds:
        return "Any"
    kind = kinds[0] if len(kinds) == 1 else _merged(kinds, values)
    return f"Optional[{kind}]" if None in values else kind


def _merged(kinds: list[str], values: Sequence[Json]) -> str:
    if kinds == ["float", "int"]:
        return "float"
    if kinds == ["List"]:
        return "List"
    return f"Union[{', '.join(kinds)}]"


def _kind(value: Json) -> str:
    if isinstance(value, list):
        return "List"
    return "Dict" if isinstance(value, dict) else type(value).__name__


def nested_type(values: Sequence[Json]) -> str:
    """Like `type_of`, with the types of the items of lists and dictionaries."""
    kind = type_of(values)
    if "List" in kind:
        items = [item for value in values if isinstance(value, list) for item in value]
        kind = kind.replace("List", f"List[{nested_type(items)}]", 1)
    if "Dict" in kind and not kind.startswith("List"):
        items = [item for value in values if isinstance(value, dict) for item in value.values()]
        kind = kind.replace("Dict", f"Dict[str, {nested_type(items)}]", 1)
    return kind
