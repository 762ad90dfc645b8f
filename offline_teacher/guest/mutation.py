"""Changing an input a little, or putting parts of the wanted output into it."""

import json
import random
from typing import TypeVar

from codeio_ops.jsonvalue import Json

Arguments = dict[str, Json]
_Item = TypeVar("_Item")

_INT_STEPS = (-10, -3, -2, -1, 1, 2, 3, 10)
_FLOAT_FACTORS = (0.5, 0.9, 0.99, 1.01, 1.1, 2.0)
_FLOAT_STEPS = (-1.0, -0.1, 0.0, 0.1, 1.0)
_MAX_ITEMS = 19


class Mutator:
    """Makes new candidates from old ones with one seeded source of choices."""

    def __init__(self, source: random.Random, wanted: Json, literals: list[Json]) -> None:
        """Take letters and values from the wanted output and from the program's literals."""
        self._source = source
        self._parts = [*_parts(wanted), *literals]
        text = json.dumps([wanted, literals], ensure_ascii=False)
        self._letters = sorted(set(text) - set('"{}[]:,\\')) or ["a"]

    def changed(self, arguments: Arguments) -> Arguments:
        """Change one to three places of an input."""
        candidate = _copy(arguments)
        if not candidate:
            return candidate
        if self._source.random() < 0.15:
            return self.lifted(candidate)
        for _ in range(self._source.choice((1, 1, 2, 3))):
            name = self._source.choice(sorted(candidate))
            candidate[name] = self._mutated(candidate[name])
        return candidate

    def lifted(self, arguments: Arguments) -> Arguments:
        """Put a part of the wanted output, or a literal, where a value of its type stands."""
        candidate = _copy(arguments)
        for name in self._shuffled(sorted(candidate)):
            fitting = [part for part in self._parts if type(part) is type(candidate[name])]
            if fitting:
                candidate[name] = json.loads(json.dumps(self._source.choice(fitting)))
                break
        return candidate

    def _mutated(self, value: Json) -> Json:
        match value:
            case bool():
                return not value
            case int():
                return value + self._source.choice((*_INT_STEPS, value, -(value // 2)))
            case float():
                scaled = value * self._source.choice(_FLOAT_FACTORS)
                return round(scaled + self._source.choice(_FLOAT_STEPS), 2)
            case str():
                return self._mutated_text(value)
            case list():
                return self._mutated_list(value)
            case dict() if value:
                name = self._source.choice(sorted(value))
                return {**value, name: self._mutated(value[name])}
            case _:
                return value

    def _mutated_text(self, text: str) -> str:
        letter = self._source.choice(self._letters)
        place = self._source.randrange(len(text) + 1)
        before, after = text[:place], text[place:]
        return self._source.choice(
            (before + letter + after, before + after[1:], before + letter + after[1:], text[::-1])
        )

    def _mutated_list(self, items: list[Json]) -> list[Json]:
        if not items:
            return items
        copy = list(items)
        place = self._source.randrange(len(copy))
        choice = self._source.random()
        if choice < 0.6:
            copy[place] = self._mutated(copy[place])
        elif choice < 0.75 and len(copy) > 1:
            del copy[place]
        elif choice < 0.9 and len(copy) < _MAX_ITEMS:
            twin = copy[self._source.randrange(len(copy))]
            copy.insert(place, json.loads(json.dumps(twin)))
        else:
            copy = self._shuffled(copy)
        return copy

    def _shuffled(self, items: list[_Item]) -> list[_Item]:
        return self._source.sample(items, len(items))


def _copy(arguments: Arguments) -> Arguments:
    copied: Arguments = json.loads(json.dumps(arguments))
    return copied


def _parts(value: Json) -> list[Json]:
    """The value itself and what it directly holds."""
    match value:
        case list():
            return [value, *value]
        case dict():
            return [value, *value.values(), *value]
        case _:
            return [value]
