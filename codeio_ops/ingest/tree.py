"""The tree of a source: what it shows at each place, compared in bulk with what it showed before.

A place is a path inside the source; where a listing names a path more than once, as a table may,
each of them is a place of its own.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from codeio_ops.ingest.base import SourceFile, Unchanged
from codeio_ops.records import Source, TreeChange
from codeio_ops.storage.engine import Store

PAGE_PLACES = 20_000
_BEFORE_ALL = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A place at which the source shows something."""

    place_id: UUID
    part: str
    path: str
    origin_id: UUID


class Tree:
    """One listing of a source, from its first file to its last."""

    def __init__(self, source: Source, store: Store, *, stage_run_id: UUID) -> None:
        """Begin a listing whose changes that stage run will have seen."""
        self._source, self._store, self._run = source, store, stage_run_id
        # 8 bytes a place: a table may have millions of rows.
        self._listed = array("Q")
        self._parts: set[str] = set()
        self._part = ""
        self._numbers: Counter[str] = Counter()

    @property
    def is_empty(self) -> bool:
        """Whether the listing named nothing so far."""
        return not self._listed and not self._parts

    def keep(self, unchanged: Iterable[Unchanged]) -> bool:
        """Take what is as it was; return whether all of it is known to be shown."""
        places = []
        for item in unchanged:
            if item.path is None:
                self._parts.add(item.part)
            else:
                places.append(TreeChange.identify(self._source.source_id, item.part, item.path))
        self._listed.extend(map(_key, places))
        return len(self._shown_at(places)) == len(set(places))

    def changes(self, batch: Sequence[tuple[SourceFile, UUID]]) -> list[TreeChange]:
        """Take files with their origins; return those at whose place another stood, or none."""
        placed = [(self._place(file), file, origin) for file, origin in batch if not file.is_past]
        self._listed.extend(_key(place_id) for place_id, _, _ in placed)
        shown = self._shown_at([place_id for place_id, _, _ in placed])
        return [
            self._change(place_id, file.part, file.path, origin_id)
            for place_id, file, origin_id in placed
            if shown.get(place_id) != origin_id
        ]

    def gone(self) -> Iterator[list[TreeChange]]:
        """Yield, page by page, the places that the listing, now at its end, did not name."""
        listed, after = np.sort(np.array(self._listed)), _BEFORE_ALL
        while page := self._page(after):
            yield [
                self._change(row.place_id, row.part, row.path, None)
                for row in page
                if row.part not in self._parts and not _holds(listed, _key(row.place_id))
            ]
            after = page[-1].place_id

    def was_shown(self) -> bool:
        """Whether the source showed anything before."""
        return bool(self._page(_BEFORE_ALL, most=1))

    def _place(self, file: SourceFile) -> UUID:
        if file.part != self._part:
            self._part, self._numbers = file.part, Counter()
        number = self._numbers[file.path]
        self._numbers[file.path] += 1
        return TreeChange.identify(self._source.source_id, file.part, file.path, number)

    def _shown_at(self, places: list[UUID]) -> dict[UUID, UUID]:
        with self._store.transaction() as transaction:
            return dict(
                transaction.pairs(
                    "ingest.shown_at", source_id=self._source.source_id, place_ids=places
                )
            )

    def _page(self, after: UUID, most: int = PAGE_PLACES) -> list[_Shown]:
        return self._store.fetch(
            "ingest.shown", _Shown, source_id=self._source.source_id, after=after, most=most
        )

    def _change(self, place_id: UUID, part: str, path: str, origin_id: UUID | None) -> TreeChange:
        return TreeChange(
            place_id=place_id,
            source_id=self._source.source_id,
            part=part,
            path=path,
            origin_id=origin_id,
            stage_run_id=self._run,
        )


def _key(place_id: UUID) -> int:
    return place_id.int >> 64


def _holds(listed: "np.ndarray[tuple[int], np.dtype[np.uint64]]", key: int) -> bool:
    found = int(np.searchsorted(listed, np.uint64(key)))
    return found < len(listed) and int(listed[found]) == key
