"""The dedup stage: which files or programs say again what an earlier one says.

It compares everything new with everything in force, in one task: so the survivor depends on
what arrived in which night, and not on the order in which the sources were read. A survivor that
is no longer present, as a file after it was edited or deleted, holds nobody out.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np

from codeio_ops.dedup import THRESHOLD
from codeio_ops.dedup.band_index import Keys, matches, read_segment, write_segment
from codeio_ops.dedup.corpus import TURNS, Corpus, Programs, RawFiles
from codeio_ops.dedup.lexer import Hashes
from codeio_ops.dedup.minhash import BANDS, SPEC, similarity, sketch
from codeio_ops.fingerprint import sha256_hex
from codeio_ops.reasons import DropReason
from codeio_ops.records import DedupResult, Drop, DropRecord, Record
from codeio_ops.storage.engine import Store
from codeio_ops.work import Work

log = logging.getLogger(__name__)

# Subjects compared at a time: it bounds memory, at about 400 bytes a subject.
CHUNK = 50_000


@dataclass(slots=True)
class _Chunk:
    """New subjects in the order of their ids.

    Attributes:
        ids: Subjects.
        codes: sha256 of the program that each is.
        shingles: How many distinct shingles each has.
        keys: Band keys, of shape (subjects, 32).
    """

    ids: list[UUID] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    shingles: list[int] = field(default_factory=list)
    keys: Keys = field(default_factory=lambda: np.empty((0, BANDS), np.uint64))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    survivor: UUID
    similarity: float
    reason: DropReason


def deduplicate_files(work: Work) -> Counter[str]:
    """Put new raw files into clusters of near-duplicates."""
    return deduplicate(RawFiles(work.store, work.blobs), work)


def deduplicate_programs(work: Work) -> Counter[str]:
    """Put new programs into clusters of near-duplicates."""
    return deduplicate(Programs(work.store), work)


def deduplicate(corpus: Corpus, work: Work, *, chunk: int = CHUNK) -> Counter[str]:
    """Put everything new of `corpus` into clusters, and drop all but their survivors.

    Within a turn of a run the subject with the smaller id survives; against earlier ones always
    the earlier one, on which money was spent. Idempotent by (subject, spec): what was compared
    is not compared again while it and its survivor stay in force, and a run that dies loses at
    most its current chunk.

    Returns:
        Counts: `unique`, `duplicate_code`, `near_duplicate`.
    """
    counts: Counter[str] = Counter()
    with work.store.locked("dedup"):
        work.store.value("dedup.judge_again", subject_kind=corpus.subject_kind)
        for turn in TURNS:
            while (new := _sketched(corpus, chunk, turn)).ids:
                counts += _write(new, _match(new, corpus, work), corpus, work)
    log.info("deduplicated %s: %s", corpus.subject_kind, dict(counts), extra={"action": "dedup"})
    return counts


def _sketched(corpus: Corpus, most: int, turn: int) -> _Chunk:
    found = []
    for code in corpus.pending(most, turn=turn):
        drawn = sketch(code.content, language=code.language)
        # The bands are copied into bytes, for an array has an overhead of 100 bytes.
        found.append(
            (code.subject_id, sha256_hex(drawn.text), len(drawn.shingles), drawn.bands.tobytes())
        )
    found.sort()
    keys = np.frombuffer(b"".join(row[3] for row in found), np.uint64)
    return _Chunk(
        ids=[row[0] for row in found],
        codes=[row[1] for row in found],
        shingles=[row[2] for row in found],
        keys=keys.reshape(len(found), BANDS),
    )


def _match(new: _Chunk, corpus: Corpus, work: Work) -> list[_Match | None]:
    """Return for each new subject the survivor that it repeats, or None."""
    earlier = _earlier_candidates(new, corpus, work)
    shared = _shared_keys(new.keys)
    wanted = {new.ids[row] for row in {*earlier, *shared}}.union(*earlier.values())
    shingles = _shingles(corpus, wanted)
    by_code = _equal_code(new, corpus, work.store)
    predecessors = corpus.predecessors(new.ids)
    by_key: dict[int, list[UUID]] = defaultdict(list)
    found: list[_Match | None] = []
    for row, subject in enumerate(new.ids):
        code, keys = new.codes[row], shared.get(row, ())
        own = predecessors.get(subject, frozenset())
        match = None
        if code in by_code and by_code[code] not in own:
            match = _Match(survivor=by_code[code], similarity=1.0, reason=DropReason.DUPLICATE_CODE)
        else:
            candidates = earlier.get(row, set()).union(*(by_key.get(key, ()) for key in keys))
            match = _nearest(subject, candidates - own, shingles)
        if match is None:
            by_code[code] = subject
            for key in keys:
                by_key[key].append(subject)
        found.append(match)
    return found


def _earlier_candidates(new: _Chunk, corpus: Corpus, work: Work) -> dict[int, set[UUID]]:
    """Return the survivors in force that share a band with a row of `new`."""
    candidates: dict[int, set[UUID]] = defaultdict(set)
    with work.store.transaction() as transaction:
        segments = transaction.column("dedup.segments", subject_kind=corpus.subject_kind, spec=SPEC)
    for segment_key in segments:
        subjects, keys = read_segment(work.objects, segment_key)
        for row, place in matches(new.keys, keys):
            candidates[row].add(subjects[place])
    met = sorted(set().union(*candidates.values()))
    with work.store.transaction() as transaction:
        standing = set(transaction.column("dedup.survivors", spec=SPEC, subject_ids=met))
    return {row: found & standing for row, found in candidates.items()}


def _shared_keys(keys: Keys) -> dict[int, list[int]]:
    """Return row -> its band keys that another row of `keys` has too."""
    shared: dict[int, list[int]] = defaultdict(list)
    for band in range(BANDS):
        _, place, count = np.unique(keys[:, band], return_inverse=True, return_counts=True)
        for row in np.flatnonzero((count[place] > 1) & (keys[:, band] != 0)):
            shared[int(row)].append(int(keys[row, band]))
    return shared


def _shingles(corpus: Corpus, subjects: Iterable[UUID]) -> dict[UUID, Hashes]:
    wanted = sorted(subjects)
    return {
        code.subject_id: sketch(code.content, language=code.language).shingles
        for code in (corpus.read(wanted) if wanted else ())
    }


def _equal_code(new: _Chunk, corpus: Corpus, store: Store) -> dict[str, UUID]:
    with store.transaction() as transaction:
        return dict(
            transaction.pairs(
                "dedup.equal_code",
                subject_kind=corpus.subject_kind,
                spec=SPEC,
                code_sha256s=sorted(set(new.codes)),
            )
        )


def _nearest(
    subject: UUID, candidates: Iterable[UUID], shingles: dict[UUID, Hashes]
) -> _Match | None:
    """Return the most similar candidate at or above the threshold; of equals the smallest id."""
    nearest: _Match | None = None
    for candidate in sorted(candidates):
        value = similarity(shingles[subject], shingles[candidate])
        if value >= THRESHOLD and (nearest is None or value > nearest.similarity):
            nearest = _Match(survivor=candidate, similarity=value, reason=DropReason.NEAR_DUPLICATE)
    return nearest


def _write(new: _Chunk, found: list[_Match | None], corpus: Corpus, work: Work) -> Counter[str]:
    stage_run_id = work.writer.run.stage_run_id
    kept = [row for row, match in enumerate(found) if match is None]
    records: list[Record] = [
        _result(new, row, match, corpus, stage_run_id) for row, match in enumerate(found)
    ]
    records += [
        DropRecord.new(
            Drop(
                reason=match.reason,
                detail=f"of {corpus.subject_kind} {match.survivor}, "
                f"similarity {match.similarity:.3f}",
            ),
            stage="dedup",
            subject_id=subject,
            stage_run_id=stage_run_id,
        )
        for subject, match in zip(new.ids, found, strict=True)
        if match
    ]
    if kept:
        ids = [new.ids[row] for row in kept]
        segment = write_segment(
            work.objects, corpus.subject_kind, ids, new.keys[kept], stage_run_id=stage_run_id
        )
        records.append(segment)
    work.writer.write(records)
    return Counter(str(match.reason) if match else "unique" for match in found)


def _result(
    new: _Chunk, row: int, match: _Match | None, corpus: Corpus, stage_run_id: UUID
) -> DedupResult:
    subject = new.ids[row]
    return DedupResult(
        subject_id=subject,
        spec=SPEC,
        subject_kind=corpus.subject_kind,
        code_sha256=new.codes[row],
        shingles=new.shingles[row],
        cluster_id=match.survivor if match else subject,
        matched_id=match.survivor if match else None,
        similarity=match.similarity if match else None,
        stage_run_id=stage_run_id,
    )
