"""Teachers of a release: whom the words of a recipe mean, and who wrote how much of it."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypedDict
from uuid import UUID

from codeio_ops.release.recipe import ANY, CURRENT, Recipe, Words
from codeio_ops.storage.engine import Store, Transaction

SEVERAL = "mixed"


class TeacherShare(TypedDict):
    """A teacher of a release, with its share of the samples, of 0 to 1."""

    id: str
    name: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTeacher:
    """A teacher that has written something."""

    teacher_id: UUID
    kind: str
    model: str
    name: str

    def is_meant_by(self, word: str) -> bool:
        """Say whether a word of a recipe means it."""
        return word in (ANY, self.kind, self.model, self.name, str(self.teacher_id))


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A recipe, with the teachers that its words mean.

    Attributes:
        recipe: The recipe.
        current: Ids that `current` means.
        known: The teachers there are.
    """

    recipe: Recipe
    current: frozenset[UUID]
    known: Mapping[UUID, KnownTeacher]

    @classmethod
    def of(cls, recipe: Recipe, current: Collection[UUID], store: Store) -> "Choice":
        """Resolve the words of a recipe against the teachers and sources of the database."""
        with store.transaction() as transaction:
            recipe = releasable(recipe, transaction)
        known = {item.teacher_id: item for item in store.fetch("teacher.known", KnownTeacher)}
        return cls(recipe=recipe, current=frozenset(current), known=known)

    @cached_property
    def teachers(self) -> frozenset[UUID]:
        """Whose answers it takes."""
        return self._meant(self.recipe.teachers)

    @cached_property
    def transformers(self) -> frozenset[UUID]:
        """Whose programs it takes."""
        return self._meant(self.recipe.transformed_by)

    def name_of(self, teacher_id: UUID) -> str:
        """What people call a teacher."""
        return self.known[teacher_id].name

    def shares(self, counts: Mapping[UUID, int]) -> list[TeacherShare]:
        """Return who wrote how much, by share, of samples that are counted by teacher."""
        by_share = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
        return [
            TeacherShare(
                id=str(teacher_id),
                name=self.name_of(teacher_id),
                share=round(count / sum(counts.values()), 6),
            )
            for teacher_id, count in by_share
        ]

    def _meant(self, words: Words) -> frozenset[UUID]:
        return frozenset(
            item.teacher_id
            for item in self.known.values()
            for word in _listed(words)
            if item.is_meant_by(word) or (word == CURRENT and item.teacher_id in self.current)
        )


def releasable(recipe: Recipe, transaction: Transaction) -> Recipe:
    """Return a recipe that names sources and models as releases do: none by its path here."""
    places = (recipe.sources, recipe.teachers, recipe.transformed_by)
    listed = [word for words in places for word in _listed(words)]
    names = dict(transaction.pairs("release.released_names", words=listed))

    def named(words: Words) -> Words:
        return names[words] if isinstance(words, str) else tuple(names[word] for word in words)

    return recipe.model_copy(
        update={
            "sources": named(recipe.sources),
            "teachers": named(recipe.teachers),
            "transformed_by": named(recipe.transformed_by),
        }
    )


def _listed(words: Words) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else words


def names_current(recipe: Recipe) -> bool:
    """Say whether one must know which teacher is current to read a recipe."""
    return any(CURRENT in _listed(words) for words in (recipe.teachers, recipe.transformed_by))


def selection_of(teachers: Iterable[TeacherShare]) -> str:
    """Return what versions of one name have in common: the one teacher, or that they mix."""
    ids = sorted(teacher["id"] for teacher in teachers)
    return ids[0] if len(ids) == 1 else SEVERAL


def possible_names(name: str, teachers: list[TeacherShare]) -> list[str]:
    """Return names for a release of these teachers, from the plainest to one that nobody has."""
    selection = selection_of(teachers)
    slug = SEVERAL if selection == SEVERAL else _slug(teachers[0]["name"])
    return [name, _joined(name, slug), _joined(name, f"{slug[:24]}-{selection[:8]}")]


def _joined(name: str, slug: str) -> str:
    return f"{name[: 62 - len(slug)]}-{slug}"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-")
