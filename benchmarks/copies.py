"""Facts of a demo, again and again: a database as large as a benchmark asks for.

The facts that lead to samples are copied in SQL under new ids, through the triggers and foreign
keys of the schema. In each copy the longer words of every program are other ones, so that no copy
is a near-duplicate of another. Such a program cannot be run with the inputs of its pairs.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from uuid import UUID

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from codeio_ops.config import Settings
from codeio_ops.storage.blobs import PACK_PREFIX, BlobLocation, BlobStore
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore

# Copied once, as they are.
_SHARED = ("source", "teacher", "answering_teacher", "benchmark_index", "benchmark_use")
# Copied over and over; each may refer to those before it.
_GROWING = (
    "raw_file", "raw_file_origin", "tree_change", "leak_scan", "dedup_result",
    "teacher_call", "teacher_reply", "program", "program_measure", "io_pair", "prompt", "response",
    "verdict",
)  # fmt: skip
_SHARED_IDS = frozenset({"source_id", "teacher_id", "benchmark_index_id"})
_DIGESTS = frozenset({"request_sha256", "code_sha256"})
_OTHER_WORDS = {
    (
        "program",
        "main_function",
    ): r"regexp_replace(b.{0}, '([A-Za-z_]{{4,}})', '\1_' || letters, 'g')",
    ("raw_file", "blob_sha256"): (
        "(SELECT each.sha256 FROM bench.blob_copy AS each"
        " WHERE each.base = b.{0} AND each.number = copy)"
    ),
    ("prompt", "body"): "b.{0} || chr(10) || '# ' || copy",
    ("tree_change", "path"): "copy || '/' || b.{0}",
    ("raw_file_origin", "path"): "copy || '/' || b.{0}",
    ("stage_run", "run_id"): "b.{0} || '-' || copy",
}
_COPIES_AT_ONCE = 20

_FUNCTIONS = """
CREATE SCHEMA bench;
CREATE FUNCTION bench.id(base uuid, copy int) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN md5(base::text || '/' || copy)::uuid;
CREATE TABLE bench.blob_copy (base text, number int, sha256 text, PRIMARY KEY (base, number));
CREATE FUNCTION bench.sha256(base text, copy int) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN encode(sha256((base || '/' || copy)::bytea), 'hex');
"""


def take_facts(demo: str, packs: ObjectStore, settings: Settings) -> int:
    """Copy the facts of the database `demo` into an empty one, once; return how many samples.

    Args:
        demo: URL of the demo's database, as one who may read all of it.
        packs: The demo's bucket.
        settings: Of the database and the bucket that they are copied into.
    """
    _copy_objects(packs, ObjectStore.open(settings))
    with link(demo) as source, _owner(settings) as target:
        target.execute(_FUNCTIONS)
        for table in ("stage_run", *_SHARED, "blob", *_GROWING):
            columns = ", ".join(_columns(source, table))
            content = io.BytesIO()
            source.copy_expert(f"COPY (SELECT {columns} FROM codeio.{table}) TO STDOUT", content)
            content.seek(0)
            target.copy_expert(f"COPY codeio.{table} ({columns}) FROM STDIN", content)
            target.execute(f"CREATE TABLE bench.{table} AS SELECT * FROM codeio.{table}")
        target.execute("ANALYZE")
        return _samples(target)


def grow(settings: Settings, *, first: int, copies: int) -> int:
    """Add copies of the facts, numbered from `first`; return how many samples there are now."""
    with _owner(settings) as target:
        for low in range(first, first + copies, _COPIES_AT_ONCE):
            high = min(low + _COPIES_AT_ONCE, first + copies) - 1
            target.execute(_copying("stage_run", _columns(target, "stage_run")), (low, high))
            _grow_blobs(target, settings, range(low, high + 1))
            for table in _GROWING:
                target.execute(_copying(table, _columns(target, table)), (low, high))
        target.execute("VACUUM ANALYZE")
        return _samples(target)


def _copy_objects(theirs: ObjectStore, ours: ObjectStore) -> None:
    """Copy the texts of files and the indexes of benchmarks."""
    for key in (*theirs.keys(PACK_PREFIX), *theirs.keys("benchmarks/")):
        ours.put_new(key, theirs.get(key))


def _grow_blobs(target: Cursor, settings: Settings, copies: Sequence[int]) -> None:
    """Store the text of every file once more for each copy, with a remark at its end."""
    target.execute("SELECT sha256, pack_key, pack_offset, pack_bytes FROM bench.blob")
    places = [
        BlobLocation(sha256=row[0], pack_key=row[1], pack_offset=row[2], pack_bytes=row[3])
        for row in target.fetchall()
    ]
    target.execute("SELECT stage_run_id::text FROM bench.blob LIMIT 1")
    run = UUID(target.fetchall()[0][0])
    blobs = BlobStore(ObjectStore.open(settings))
    bases = list(blobs.read(places))
    texts = (text + f"\n# copy {copy}\n".encode() for copy in copies for _, text in bases)
    written = list(blobs.write(texts, stage_run_id=run))
    store = Store.open(settings.database_url.get_secret_value())
    store.insert(written)
    store.close()
    named = ((base, copy) for copy in copies for base, _ in bases)
    lines = (
        f"{base}\t{copy}\t{blob.sha256}\n"
        for (base, copy), blob in zip(named, written, strict=True)
    )
    target.copy_expert("COPY bench.blob_copy FROM STDIN", io.StringIO("".join(lines)))


def _copying(table: str, columns: dict[str, str]) -> str:
    values = ", ".join(_value(table, name, kind) for name, kind in columns.items())
    return f"""
        INSERT INTO codeio.{table} ({", ".join(columns)})
        SELECT {values}
        FROM bench.{table} AS b
        CROSS JOIN generate_series(%s, %s) AS copy
        CROSS JOIN translate(copy::text, '0123456789', 'qwertyuiop') AS letters
    """


def _value(table: str, column: str, kind: str) -> str:
    if (table, column) in _OTHER_WORDS:
        return _OTHER_WORDS[table, column].format(column)
    if kind == "uuid" and column not in _SHARED_IDS:
        return f"bench.id(b.{column}, copy)"
    return f"bench.sha256(b.{column}, copy)" if column in _DIGESTS else f"b.{column}"


def _columns(cursor: Cursor, table: str) -> dict[str, str]:
    """Return the columns that a row is written with, and their types."""
    cursor.execute(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'codeio' AND table_name = %s AND is_identity = 'NO'"
        " ORDER BY ordinal_position",
        (table,),
    )
    return dict(cursor.fetchall())


def _samples(cursor: Cursor) -> int:
    cursor.execute("SELECT count(*) FROM codeio.prompt")
    return int(cursor.fetchone()[0])


@contextmanager
def _owner(settings: Settings) -> Iterator[Cursor]:
    with link(settings.owner_database_url.get_secret_value()) as cursor:
        yield cursor


@contextmanager
def link(url: str) -> Iterator[Cursor]:
    """Open a connection that commits each statement, and give its cursor."""
    connection: Connection
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        yield connection.cursor()
