"""Candidates for a parameter, and the variants of the likeliest one that are tried as well."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from offline_teacher.drafting.specs import IntSpec, ListSpec, MatrixSpec, Spec, TextSpec, TreeSpec

MAX_CANDIDATES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A possible spec of a parameter and where it comes from."""

    spec: Spec
    source: str


def with_alternatives(ranked: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Add variants of the first candidate.

    A wide range of integers may take too many steps, so a small one comes next; strings are
    tried in the shape of the known ones first; a small variant of anything comes last, for
    programs with long results or rare answers.
    """
    first = ranked[0]
    spec, source = first.spec, first.source
    rest = [candidate for candidate in ranked[1:MAX_CANDIDATES] if candidate.spec != spec]
    if isinstance(spec, IntSpec) and spec.high > 30:
        low = max(0, min(spec.low, 2))
        return (first, Candidate(spec=IntSpec(low=low, high=12), source=source), *rest)
    if isinstance(spec, TextSpec) and _is_structured(spec):
        return (Candidate(spec=replace(spec, shaped=True), source=source), first, *rest)
    small = _small(spec, seen=source in ("trace", "docstring"))
    return (first, *rest, *([Candidate(spec=small, source=source)] if small else []))


def _is_structured(spec: TextSpec) -> bool:
    """Whether the known strings have punctuation or digits beside at least two letters."""
    return any(
        sum(map(str.isalnum, seed)) > 1 and not seed.isalpha() and not seed.isdigit()
        for seed in spec.seeds
    )


def _small(spec: Spec, *, seen: bool) -> Spec | None:
    match spec:
        case ListSpec(element=IntSpec(), longest=longest) if longest > 4 and not seen:
            return replace(spec, element=IntSpec(low=-4, high=4), shortest=3, longest=6)
        case ListSpec(longest=longest) if longest > 4:
            return replace(spec, shortest=min(spec.shortest, 1), longest=4)
        case TextSpec(longest=longest) if longest > 3:
            return replace(spec, shortest=min(spec.shortest, 1), longest=4, seeds=())
        case MatrixSpec(most=most) if most > 3:
            return replace(spec, fewest=min(spec.fewest, 2), most=3)
        case TreeSpec(search=False):
            return replace(spec, low=1, high=2)
    return None
