"""Says why a gate holds a release back: what it means, an example, and what to do."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from codeio_ops.jsonvalue import Json
from codeio_ops.storage.engine import Store
from codeio_ops.storage.queries import Advice, check_advice

EXAMPLE_CHARS = 160
# Keys under which evidence lists what fails; the others say what was looked at.
_FINDINGS = (
    "offenders", "samples", "changed", "misjudged", "failed", "hits", "files", "programs",
    "in_both", "near_duplicates_apart", "missing",
)  # fmt: skip

_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_DETAILS = 3

_TAKE_DOWN = "take its file down with `codeio release takedown`"
_DECIDE = "decide in Airflow (Browse, Required Actions)"
_LEFT_OUT = (
    "Release again: such rows are left out when a release is assembled, and these are newer. "
    f"If one comes through, {_TAKE_DOWN}."
)

GATE_ADVICE: Mapping[str, Advice] = {
    "determinism": Advice(
        meaning="Pairs drawn at random give the same output in fresh containers.",
        cure=f"The program is not deterministic: {_TAKE_DOWN}.",
    ),
    "duplicates": Advice(
        meaning="No teacher answers the same prompt twice in one release.",
        cure=_LEFT_OUT,
    ),
    "expectations": Advice(
        meaning="The table of the release meets the suite of Great Expectations.",
        cure=f"Read the Data Docs on the page of the gate; where only warnings failed, {_DECIDE}.",
    ),
    "information": Advice(
        meaning="No program has the same output in all its pairs.",
        cure=f"Look at the program, then {_DECIDE}, or {_TAKE_DOWN}.",
    ),
    "integrity": Advice(
        meaning="Every row is whole, says where it comes from, and is one that the recipe wants.",
        cure="Look at the rows; the check that they break says what to do.",
    ),
    "leakage": Advice(
        meaning="No program holds an item of a benchmark in use, and at least one is in use.",
        cure=f"{_LEFT_OUT} With no benchmark in use, `codeio benchmark add` one and release again, "
        f"or {_DECIDE}.",
    ),
    "licences": Advice(
        meaning="What each file and the places where it was seen say of its licence is allowed.",
        cure=f"{_LEFT_OUT} If its licence may be released, name it in CODEIO_LICENCES.",
    ),
    "personal_data": Advice(
        meaning="No program holds an address, a telephone number or the like.", cure=_LEFT_OUT
    ),
    "secrets": Advice(meaning="No program holds a key or token of a known form.", cure=_LEFT_OUT),
    "splits": Advice(
        meaning="No program of one split, nor a near duplicate of it, stands in the other.",
        cure="Release again: splits are drawn anew, by cluster of near duplicates.",
    ),
    "verifier_self_test": Advice(
        meaning="The verifier accepts the stored pairs as answers, and refuses altered ones.",
        cure="Nothing can be published while the verifier errs: report it with the evidence.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a sample, program or file comes from; seen in several places, the first by name."""

    id: UUID
    kind: str
    source: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check of the gate `integrity` that some rows break."""

    name: str
    rows: int
    samples: list[str]
    advice: Advice


def gate_advice(gate: str) -> Advice:
    """Return what a gate means and what to do; nothing of one that is not shipped."""
    return GATE_ADVICE.get(gate, Advice(meaning="", cure=""))


def broken_checks(evidence: Json) -> list[Check]:
    """Return the checks that evidence of the gate `integrity` names."""
    told = evidence if isinstance(evidence, dict) else {}
    offenders, counts = told.get("offenders"), told.get("counts")
    if not isinstance(offenders, dict):
        return []
    rows = counts if isinstance(counts, dict) else {}
    return [
        Check(
            name=name,
            rows=int(str(rows.get(name, len(samples)))),
            samples=[str(sample) for sample in samples],
            advice=check_advice(name),
        )
        for name, samples in offenders.items()
        if isinstance(samples, list)
    ]


def places_in(evidence: Json, store: Store) -> dict[str, Place]:
    """Return where the samples, programs and files that evidence names come from, by their ids."""
    found = store.fetch("release.places", Place, ids=list(dict.fromkeys(_ids(evidence))))
    return {str(place.id): place for place in found}


def advices_of(gate: str, evidence: Json) -> list[Advice]:
    """Return what is known of the checks that are broken, or else of the gate."""
    checks = broken_checks(evidence)
    return [check.advice for check in checks] or [gate_advice(gate)]


def example_in(evidence: Json, places: Mapping[str, Place]) -> str:
    """Return one of the things that evidence lists as failing; nothing when it lists none."""
    return _cut(next(iter(findings_in(evidence, places, details=1)), ""))


def findings_in(
    evidence: Json, places: Mapping[str, Place], *, details: int = _DETAILS
) -> list[str]:
    """Return the things that evidence lists as failing, each in a line with its place.

    Args:
        evidence: What a gate stored.
        places: Where the ids in it come from.
        details: How much of what is said of one thing is told.
    """
    told = evidence if isinstance(evidence, dict) else {}
    return [line for key in _FINDINGS for line in _lines(told.get(key), places, details)]


def _lines(listed: Json, places: Mapping[str, Place], details: int) -> Iterator[str]:
    if isinstance(listed, dict):
        for key, inner in listed.items():
            found = list(_lines(inner, places, details))
            yield ": ".join([_named(key, places), *_joined(found, details)])
    elif isinstance(listed, list):
        for item in listed:
            yield _record(item, places) if isinstance(item, dict) else _several(item, places)


def _several(item: Json, places: Mapping[str, Place]) -> str:
    """Return an item of a list, which may be a pair of ids."""
    parts = item if isinstance(item, list) else [item]
    return " and ".join(_named(str(part), places) for part in parts)


def _joined(found: Sequence[str], details: int) -> list[str]:
    """Return the first of what was found as one text, and of several how many more there are."""
    more = len(found) - details
    rest = f" and {more} more" if more > 0 and details > 1 else ""
    return [", ".join(found[:details]) + rest] if found else []


def _record(value: dict[str, Json], places: Mapping[str, Place]) -> str:
    told = {key: item for key, item in value.items() if isinstance(item, str | int | float)}
    return ", ".join(f"{key} {_named(str(item), places)}" for key, item in told.items() if item)


def _named(text: str, places: Mapping[str, Place]) -> str:
    """Return a text with the place of each id in it that is known."""
    return _ID.sub(lambda found: _with_place(found[0], places), text)


def _with_place(text: str, places: Mapping[str, Place]) -> str:
    place = places.get(text)
    return f"{place.kind} {text} ({place.path} of {place.source})" if place else text


def _cut(text: str) -> str:
    """Shorten a text between words, so that no id in it is cut."""
    if len(text) <= EXAMPLE_CHARS:
        return text
    end = text.rfind(" ", 0, EXAMPLE_CHARS + 1)
    return f"{text[: end if end > 0 else EXAMPLE_CHARS]}..."


def _ids(value: Json) -> Iterator[UUID]:
    """Give every id in a value, keys included."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _ids(key)
            yield from _ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ids(inner)
    elif isinstance(value, str):
        yield from map(UUID, _ID.findall(value))
