"""Rows by COPY, texts in packs, and who wrote them."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from random import Random
from threading import Barrier, Event, Thread
from typing import cast
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import create_engine, text

from codeio_ops.config import Settings
from codeio_ops.errors import BlobCorrupt, ReleaseExists, StoreUnavailable
from codeio_ops.fingerprint import sha256_hex
from codeio_ops.jsonvalue import Json
from codeio_ops.reasons import DropReason
from codeio_ops.records import Blob, Drop, DropRecord, GateResult, ReleaseRow, Source, StageRun
from codeio_ops.storage.blobs import MAX_PACK_BYTES, BlobLocation, BlobStore
from codeio_ops.storage.copy import insert_records
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run
from support.json_values import TEXTS, VALUES

TASK = TaskIdentity(dag_id="tests", run_id="storage", task_id="write")
IDLE_IN_TRANSACTION = """
SELECT backend_xmin, backend_xid FROM pg_stat_activity
WHERE datname = current_database() AND state = 'idle in transaction'
"""
SLOW = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def run(module_settings: Settings) -> StageRun:
    return stage_run("ingest", TASK, module_settings)


@pytest.fixture(scope="module")
def writer(module_store: Store, run: StageRun) -> FactWriter:
    return FactWriter(module_store, run)


def _drop(run: StageRun, detail: str, subject_id: UUID | None = None) -> DropRecord:
    drop = Drop(reason=DropReason.BAD_ROW, detail=detail)
    subject = subject_id or uuid4()
    return DropRecord.new(drop, stage="tests", subject_id=subject, stage_run_id=run.stage_run_id)


def _ask(settings_: Settings, question: str, **parameters: object) -> list[tuple[object, ...]]:
    engine = create_engine(settings_.owner_database_url.get_secret_value())
    with engine.connect() as link:
        found = [tuple(row) for row in link.execute(text(question), parameters).all()]
    engine.dispose()
    return found


def test_a_row_written_twice_is_one_row(writer: FactWriter, run: StageRun) -> None:
    drops = [_drop(run, str(number)) for number in range(50)]
    assert writer.write(drops) == 50
    assert writer.write(drops) == 0
    assert writer.write([*drops[:10], _drop(run, "new")]) == 1


def test_writing_again_makes_no_table(module_settings: Settings, run: StageRun) -> None:
    drops = [_drop(run, str(number)) for number in range(6)]
    made = "SELECT oid FROM pg_class WHERE relpersistence = 't' AND relname LIKE 'new%' ORDER BY 1"
    engine = create_engine(module_settings.database_url.get_secret_value())
    with closing(engine.raw_connection()) as link:
        tables, written = [], []
        for part in (drops[:2], drops[1:4], drops):
            cursor = cast(Cursor, link.cursor())
            written.append(insert_records(cursor, [run, *part, run, part[0]]))
            cursor.execute(made)
            tables.append(cursor.fetchall())
            link.commit()
    engine.dispose()
    assert written[1:] == [2, 2]
    assert tables[0] == tables[1] == tables[2]


def test_two_writers_of_the_same_rows_in_other_orders_do_not_wait_for_each_other(
    module_store: Store, run: StageRun
) -> None:
    module_store.insert([run])
    drops = [_drop(run, str(number)) for number in range(20_000)]
    gate = Barrier(2)

    def write(rows: list[DropRecord]) -> int:
        gate.wait()
        return module_store.insert(rows)

    with ThreadPoolExecutor(2) as pool:
        written = pool.map(write, (drops, drops[::-1]))
        assert sum(written) == len(drops)


def test_the_same_row_twice_in_one_call_is_one_row(writer: FactWriter, run: StageRun) -> None:
    drop = _drop(run, "twice")
    assert writer.write([drop, drop, _drop(run, "once"), drop]) == 2


def test_the_first_row_of_an_id_stays(
    writer: FactWriter, run: StageRun, module_settings: Settings
) -> None:
    drop = _drop(run, "first")
    writer.write([drop])
    writer.write([replace(drop, detail="second")])
    found = _ask(
        module_settings,
        "SELECT detail FROM codeio.drop_record WHERE subject_id = :subject",
        subject=drop.subject_id,
    )
    assert found == [("first",)]


@SLOW
@given(detail=TEXTS)
def test_every_text_comes_back_as_it_went_in(
    detail: str, writer: FactWriter, run: StageRun, module_settings: Settings
) -> None:
    drop = _drop(run, detail)
    assert writer.write([drop]) == 1
    found = _ask(
        module_settings,
        "SELECT detail FROM codeio.drop_record WHERE subject_id = :subject",
        subject=drop.subject_id,
    )
    assert found == [(drop.detail,)]


@SLOW
@given(evidence=VALUES)
def test_every_json_value_comes_back_as_it_went_in(
    evidence: Json, writer: FactWriter, run: StageRun, module_settings: Settings
) -> None:
    key = uuid4()
    release = ReleaseRow(
        release_id=key,
        name=str(key),
        version=1,
        recipe=evidence,
        content_sha256=str(key),
        status="candidate",
        samples=0,
        stage_run_id=run.stage_run_id,
    )
    gate = GateResult(
        gate_result_id=key,
        release_id=key,
        gate="test",
        passed=False,
        severity="hard",
        metric="m",
        value=0.1,
        threshold=1e-300,
        evidence=evidence,
        stage_run_id=run.stage_run_id,
    )
    assert writer.write([release, gate]) == 2
    ((recipe, found, value, threshold),) = _ask(
        module_settings,
        "SELECT recipe, evidence, value, threshold FROM codeio.gate_result "
        "JOIN codeio.release USING (release_id) WHERE gate_result_id = :key",
        key=key,
    )
    assert recipe == found == evidence
    if isinstance(evidence, dict):
        assert isinstance(found, dict)
        assert list(found) == list(evidence)
    assert (value, threshold) == (0.1, 1e-300)


def test_a_failed_write_leaves_nothing(
    writer: FactWriter, run: StageRun, module_settings: Settings
) -> None:
    good = _drop(run, "good")
    orphan = replace(_drop(run, "orphan"), stage_run_id=uuid4())
    with pytest.raises(Exception, match="drop_record_stage_run_fk"):
        writer.write([good, orphan])
    assert not _ask(
        module_settings,
        "SELECT 1 FROM codeio.drop_record WHERE subject_id = :subject",
        subject=good.subject_id,
    )


def test_a_run_that_writes_nothing_new_leaves_no_trace(
    module_store: Store, writer: FactWriter, run: StageRun, module_settings: Settings
) -> None:
    drop = _drop(run, "known")
    writer.write([drop])
    later = stage_run("ingest", replace(TASK, try_number=2), module_settings)
    FactWriter(module_store, later).write([drop])
    FactWriter(module_store, later).write([])
    runs = [row[0] for row in _ask(module_settings, "SELECT stage_run_id FROM codeio.stage_run")]
    assert run.stage_run_id in runs
    assert later.stage_run_id not in runs


def test_a_run_is_described_in_the_terms_of_airflow(
    module_store: Store, writer: FactWriter, module_settings: Settings
) -> None:
    task = TaskIdentity(dag_id="d", run_id="r", task_id="t", map_index=3, try_number=2)
    run = stage_run("sample", task, module_settings, image_digest="sha256:0")
    FactWriter(module_store, run).write([_drop(run, "described")])
    found = _ask(
        module_settings,
        "SELECT stage, dag_id, run_id, task_id, map_index, try_number, sandbox_image_digest "
        "FROM codeio.stage_run WHERE stage_run_id = :run",
        run=run.stage_run_id,
    )
    assert found == [("sample", "d", "r", "t", 3, 2, "sha256:0")]


def test_a_lock_keeps_others_of_its_name_out_and_no_row_from_being_vacuumed(
    module_store: Store, module_settings: Settings
) -> None:
    waited = Event()

    def wait() -> None:
        with module_store.locked("name", shared=True):
            waited.set()

    other = Thread(target=wait)
    with module_store.locked("name"), module_store.locked("other name"):
        other.start()
        assert not waited.wait(0.3)
        # A role is shown the state of its own connections alone.
        engine = create_engine(module_settings.database_url.get_secret_value())
        with engine.connect() as link:
            holding = link.execute(text(IDLE_IN_TRANSACTION)).all()
        engine.dispose()
        assert holding == [(None, None)] * 2
    assert waited.wait(10)
    other.join()


def test_a_shared_lock_is_shared_and_released_by_a_failure(module_store: Store) -> None:
    with (
        pytest.raises(BlobCorrupt),
        module_store.locked("shared", shared=True),
        module_store.locked("shared", shared=True),
    ):
        raise BlobCorrupt("inside")
    with module_store.locked("shared"):
        pass


def test_a_lock_that_is_lost_is_noticed(module_store: Store, module_settings: Settings) -> None:
    ending = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    engine = create_engine(module_settings.database_url.get_secret_value())
    with pytest.raises(StoreUnavailable), module_store.locked("lost"), engine.connect() as link:
        link.execute(text(ending))
    engine.dispose()


def test_a_source_is_identified_by_what_it_names() -> None:
    assert Source.new("pypi", "a==1").source_id == Source.new("pypi", "a==1", "MIT").source_id
    assert Source.new("pypi", "a==1").source_id != Source.new("pypi", "a==2").source_id


class CountedRanges(ObjectStore):
    """A bucket that counts the ranged reads."""

    ranges = 0

    def get_range(self, key: str, start: int, end: int) -> bytes:
        self.ranges += 1
        return super().get_range(key, start, end)


@pytest.fixture
def bucket(module_settings: Settings) -> CountedRanges:
    return CountedRanges.open(module_settings)  # type: ignore[return-value]


def _locations(blobs: list[Blob]) -> list[BlobLocation]:
    return [
        BlobLocation(
            sha256=blob.sha256,
            pack_key=blob.pack_key,
            pack_offset=blob.pack_offset,
            pack_bytes=blob.pack_bytes,
        )
        for blob in blobs
    ]


def test_texts_come_back_from_their_pack_in_one_request(bucket: CountedRanges) -> None:
    texts = [f"text {number} ".encode() * (number % 7) for number in range(300)]
    texts = sorted(set(texts))
    blobs = list(BlobStore(bucket).write(texts, stage_run_id=uuid4()))
    assert [blob.sha256 for blob in blobs] == [sha256_hex(item) for item in texts]
    assert [blob.size_bytes for blob in blobs] == [len(item) for item in texts]
    assert len({blob.pack_key for blob in blobs}) == 1
    found = dict(BlobStore(bucket).read(_locations(blobs)))
    assert found == {sha256_hex(item): item for item in texts}
    assert bucket.ranges == 1


def test_one_text_is_read_without_its_neighbours(bucket: CountedRanges) -> None:
    random = Random(7)
    texts = [random.randbytes(100_000) for _ in range(8)]
    blobs = _locations(list(BlobStore(bucket).write(texts, stage_run_id=uuid4())))
    wanted = blobs[5]
    assert list(BlobStore(bucket).read([wanted])) == [(wanted.sha256, texts[5])]
    assert bucket.ranges == 1
    # What lies far apart is not worth reading all that is between.
    assert dict(BlobStore(bucket).read([blobs[0], blobs[7]])) == {
        blobs[0].sha256: texts[0],
        blobs[7].sha256: texts[7],
    }
    assert bucket.ranges == 3


def test_a_full_pack_is_followed_by_another(bucket: CountedRanges) -> None:
    random = Random(8)
    texts = [random.randbytes(MAX_PACK_BYTES // 3) for _ in range(5)]
    blobs = list(BlobStore(bucket).write(texts, stage_run_id=uuid4()))
    assert len({blob.pack_key for blob in blobs}) == 2
    assert dict(BlobStore(bucket).read(_locations(blobs))).keys() == {b.sha256 for b in blobs}


def test_the_same_texts_make_the_same_pack(bucket: CountedRanges) -> None:
    def write() -> list[BlobLocation]:
        return _locations(list(BlobStore(bucket).write([b"one", b"two"], stage_run_id=uuid4())))

    before = write()
    keys = bucket.keys("packs/")
    assert write() == before
    assert bucket.keys("packs/") == keys


@pytest.mark.parametrize("damage", ["flipped", "other text"])
def test_a_damaged_pack_is_noticed(bucket: CountedRanges, damage: str) -> None:
    texts = [damage.encode() * 50, b"neighbour"]
    first, second = _locations(list(BlobStore(bucket).write(texts, stage_run_id=uuid4())))
    pack = bytearray(bucket.get(first.pack_key))
    if damage == "flipped":
        pack[first.pack_bytes // 2] ^= 255
        wrong = first
    else:
        wrong = replace(first, sha256=second.sha256)
    bucket.put(first.pack_key, bytes(pack))
    with pytest.raises(BlobCorrupt, match=wrong.sha256):
        list(BlobStore(bucket).read([wrong]))


def test_an_object_is_put_once(bucket: CountedRanges) -> None:
    bucket.put_new("once", b"first")
    bucket.put_new("once", b"first")
    with pytest.raises(ReleaseExists):
        bucket.put_new("once", b"second")
    assert bucket.get("once") == b"first"
    assert bucket.keys("onc") == ["once"]
    assert bucket.get_range("once", 1, 3) == b"ir"
