"""Says why a gate holds a release back: what it means, an example, and what to do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from codeio_ops.jsonvalue import Json
from codeio_ops.storage.engine import Store
from codeio_ops.storage.queries import Advice, check_advice

EXAMPLE_CHARS = 160
# Keys under which evidence lists what fails; the others say what was looked at.
_FINDINGS = (
    "offenders", "samples", "changed", "misjudged", "failed", "hits", "files", "programs",
    "in_both", "near_duplicates_apart",
)  # fmt: skip

_TAKE_DOWN = "take its file down with `codeio release takedown`"
_DECIDE = "decide in Airflow (Browse, Required Actions)"
_SCREEN = (
    "Release again: the first task of release_dataset puts such files in quarantine. If one "
    f"comes through, {_TAKE_DOWN}."
)

GATE_ADVICE: Mapping[str, Advice] = {
    "determinism": Advice(
        meaning="Pairs drawn at random give the same output in fresh containers.",
        cure=f"The program is not deterministic: {_TAKE_DOWN}.",
    ),
    "duplicates": Advice(
        meaning="No teacher answers the same prompt twice in one release.",
        cure=f"Two programs ask the same: of one of them, {_TAKE_DOWN}.",
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
    "leakage": Advice(meaning="No program holds an item of a benchmark in use.", cure=_SCREEN),
    "licences": Advice(
        meaning="What each file and its source say of their licence is allowed.",
        cure=f"Allow it with CODEIO_LICENCES, or {_TAKE_DOWN}.",
    ),
    "personal_data": Advice(
        meaning="No program holds an address, a telephone number or the like.", cure=_SCREEN
    ),
    "secrets": Advice(meaning="No program holds a key or token of a known form.", cure=_SCREEN),
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


def example_in(evidence: Json, places: Mapping[str, Place]) -> str:
    """Return one of the things that evidence lists as failing; nothing when it lists none."""
    told = evidence if isinstance(evidence, dict) else {}
    listed = next((told[key] for key in _FINDINGS if told.get(key)), None)
    return _cut(_first(listed, places)) if listed else ""


def _first(value: Json, places: Mapping[str, Place]) -> str:
    if isinstance(value, dict):
        key, inner = next(iter(value.items()))
        return f"{_named(key, places)}: {_first(inner, places)}" if inner else _named(key, places)
    if isinstance(value, list):
        head = value[0] if value else ""
        return _record(head, places) if isinstance(head, dict) else _first(head, places)
    return _named(str(value), places)


def _record(value: dict[str, Json], places: Mapping[str, Place]) -> str:
    told = {key: item for key, item in value.items() if isinstance(item, str | int | float)}
    return ", ".join(f"{key} {_named(str(item), places)}" for key, item in told.items() if item)


def _named(text: str, places: Mapping[str, Place]) -> str:
    place = places.get(text)
    return f"{place.kind} {text} ({place.path} of {place.source})" if place else text


def _cut(text: str) -> str:
    return text if len(text) <= EXAMPLE_CHARS else f"{text[:EXAMPLE_CHARS]}..."


def _ids(value: Json) -> Iterator[UUID]:
    """Give every id in a value, keys included."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _ids(key)
            yield from _ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ids(inner)
    elif isinstance(value, str) and len(value) == len(str(UUID(int=0))):
        try:
            yield UUID(value)
        except ValueError:
            return
