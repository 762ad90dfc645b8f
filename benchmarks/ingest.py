"""Ingest and dedup: growth, storing against `COPY`, signatures against datasketch.

    python benchmarks/ingest.py [--sizes 10000 30000 100000]

Each size gets a database, a bucket and a process of its own on one embedded Postgres and S3.
"""

import argparse
import io
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))

SIZES = (10_000, 30_000, 100_000)
_NAMES = [
    "value",
    "total",
    "item",
    "index",
    "count",
    "limit",
    "result",
    "step",
    "score",
    "weight",
    "offset",
    "length",
]
_CALLS = [
    "append",
    "extend",
    "insert",
    "remove",
    "index",
    "count",
    "sort",
    "reverse",
    "split",
    "join",
    "strip",
    "find",
]
_BUILTINS = [
    "len",
    "sum",
    "min",
    "max",
    "sorted",
    "abs",
    "round",
    "int",
    "str",
    "list",
    "set",
    "range",
]


def program(number: int) -> str:
    """Return a small module of random statements; two of them share next to nothing."""
    choose = random.Random(number)
    lines = [f'"""Module {number}."""', "", f"def measure_{number}(value, limit):"]
    for _ in range(choose.randint(8, 20)):
        one, other = choose.choice(_NAMES), choose.choice(_NAMES)
        literal = choose.randint(0, 10**6)
        call, builtin = choose.choice(_CALLS), choose.choice(_BUILTINS)
        sign = choose.choice(["+", "-", "*", "//", "%", "&", "|", "^"])
        lines.append(
            choose.choice(
                [
                    f"    {one} = {builtin}({other}) {sign} {literal}",
                    f"    {one} = {other}.{call}({literal}) {sign} {literal % 97}",
                    f"    if {one} {sign} {literal} > {other}:\n        {one} = {literal}",
                    f"    for {one} in {builtin}({other}):\n        {other}.{call}({one})",
                ]
            )
        )
    return "\n".join([*lines, f"    return {builtin}({one}), {number}", ""])


def write_rows(path: Path, count: int) -> None:
    """Write a JSONL file of `count` modules."""
    with path.open("w") as out:
        for number in range(count):
            row = {"content": program(number), "path": f"m{number}.py", "repo_name": "a/b"}
            out.write(json.dumps(row) + "\n")


def ingest(rows: Path, settings_json: Path) -> None:
    """Ingest and deduplicate one file, and print seconds and peak memory as JSON."""
    from codeio_ops.config import Settings
    from codeio_ops.dedup.minhash import sketch
    from codeio_ops.dedup.stage import deduplicate_files
    from codeio_ops.ingest.sources import add_source, parse_source
    from codeio_ops.ingest.stage import read_source
    from codeio_ops.storage.engine import Store
    from codeio_ops.storage.runs import TaskIdentity
    from codeio_ops.work import Work

    sketch(b"warm = 1", language="python")  # compiled once an installation
    settings = Settings.model_validate_json(settings_json.read_text())
    store = Store.open(settings.database_url.get_secret_value())
    task = TaskIdentity(dag_id="benchmark", run_id="1", task_id="ingest")
    work = Work(settings, "ingest", task, store=store)
    source = parse_source(f"jsonl:{rows}")
    add_source(store, source)
    began, began_cpu = time.perf_counter(), time.process_time()
    kept = read_source(source, work)
    read = time.perf_counter()
    found = deduplicate_files(work)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "new": kept["new"],
                "unique": found["unique"],
                "ingest_s": read - began,
                "dedup_s": done - read,
                "cpu_s": time.process_time() - began_cpu,
                "peak_mib": peak,
            }
        )
    )


def measure_growth(state: object, sizes: Sequence[int]) -> None:
    """Ingest each size in a process of its own, and print how time and memory grow."""
    from support.storage import fresh_settings

    first: dict[str, float] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as directory:
            rows, settings_path = Path(directory, "rows.jsonl"), Path(directory, "settings.json")
            write_rows(rows, size)
            with fresh_settings(state, Path(directory)) as settings:  # type: ignore[arg-type]
                settings_path.write_text(json.dumps(_revealed(settings)))
                command = [sys.executable, __file__, "--ingest", str(rows), str(settings_path)]
                output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        result = json.loads(output.splitlines()[-1])
        seconds = result["ingest_s"] + result["dedup_s"]
        first = first or {"files": size, "seconds": seconds}
        linear = (seconds / first["seconds"]) / (size / first["files"])
        print(
            f"{size:>7} files: {result['new']} new, {result['unique']} unique, "
            f"ingest {result['ingest_s']:.1f} s, dedup {result['dedup_s']:.1f} s, "
            f"{size / seconds:.0f} files/s, time per file x{linear:.2f} of the first, "
            f"{result['cpu_s'] / size * 1e3:.2f} ms CPU a file, "
            f"peak {result['peak_mib']:.0f} MiB"
        )


def _revealed(settings: object) -> dict[str, object]:
    from pydantic import SecretStr

    values = {name: getattr(settings, name) for name in type(settings).model_fields}  # type: ignore[attr-defined]
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in values.items()
        if isinstance(value, str | int | float | SecretStr)
    }


def measure_storing(state: object, count: int) -> None:
    """Store the same rows through the platform and by one plain `COPY` a table."""
    from codeio_ops.fingerprint import content_id, sha256_hex
    from codeio_ops.records import Blob, RawFile, RawFileOrigin, Source
    from codeio_ops.storage.engine import Store
    from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run
    from support.storage import fresh_settings

    source = Source.new("directory", "/benchmark")
    task = TaskIdentity(dag_id="benchmark", run_id="1", task_id="store")
    seconds = {}
    for way in ("platform", "copy"):
        with fresh_settings(state, Path("/nonexistent")) as settings:  # type: ignore[arg-type]
            store = Store.open(settings.database_url.get_secret_value())
            run = stage_run("ingest", task, settings)
            store.insert([source])
            blobs, files, origins = [], [], []
            for number in range(count):
                sha256 = sha256_hex(str(number).encode())
                file_id = RawFile.identify(sha256)
                by = run.stage_run_id
                blobs.append(Blob(
                    sha256=sha256, pack_key="packs/one", pack_offset=number, pack_bytes=1,
                    size_bytes=1, stage_run_id=by,
                ))  # fmt: skip
                files.append(RawFile(
                    raw_file_id=file_id, blob_sha256=sha256, language="python", size_bytes=1,
                    stage_run_id=by,
                ))  # fmt: skip
                origins.append(RawFileOrigin(
                    origin_id=content_id("origin", number), raw_file_id=file_id,
                    source_id=source.source_id, version="1", path=f"{number}.py", licence="MIT",
                    stage_run_id=by,
                ))  # fmt: skip
            tables = [blobs, files, origins]
            if way == "copy":
                store.insert([run])
                seconds[way] = _plain_copy(settings.database_url.get_secret_value(), tables)
            else:
                began = time.perf_counter()
                FactWriter(store, run).write([*blobs, *files, *origins])
                seconds[way] = time.perf_counter() - began
            store.close()
    rows = 3 * count
    print(
        f"storing {rows} rows: {rows / seconds['platform']:.0f} rows/s, plain COPY "
        f"{rows / seconds['copy']:.0f} rows/s, ratio {seconds['copy'] / seconds['platform']:.2f}"
    )


def _plain_copy(url: str, tables: list[list[object]]) -> float:
    """COPY the rows straight into the tables; the text is formatted within the time."""
    from dataclasses import fields

    import psycopg2

    with psycopg2.connect(url.replace("+psycopg2", "")) as link, link.cursor() as cursor:
        began = time.perf_counter()
        for table in tables:
            names = [column.name for column in fields(table[0])]  # type: ignore[arg-type]
            body = "".join(
                "\t".join(_cell(getattr(row, name)) for name in names) + "\n" for row in table
            )
            target = f"codeio.{table[0].table} ({', '.join(names)})"  # type: ignore[attr-defined]
            cursor.copy_expert(f"COPY {target} FROM STDIN", io.StringIO(body))
        link.commit()
        return time.perf_counter() - began


def _cell(value: str | int | UUID) -> str:
    return str(value)


def measure_signatures(count: int) -> None:
    """Sign the same files by the platform and by datasketch on 5-token shingles.

    What counts is CPU time, of three rounds the least: both run on one core.
    """
    from datasketch import MinHash

    from codeio_ops.dedup.minhash import sketch

    contents = [
        "".join(program(5 * number + part) for part in range(5)).encode() for number in range(count)
    ]
    base, word = MinHash(num_perm=256), re.compile(rb"[A-Za-z0-9_]+|[^\sA-Za-z0-9_]")

    def by_datasketch(content: bytes) -> None:
        tokens = word.findall(content)
        signature = MinHash(num_perm=256, permutations=base.permutations, scheme=base.scheme)
        signature.update_batch({b" ".join(tokens[i : i + 5]) for i in range(len(tokens) - 4)})

    def cpu_s(sign: Callable[[bytes], object]) -> float:
        sign(contents[0])
        began = time.process_time()
        for content in contents:
            sign(content)
        return time.process_time() - began

    rounds = [
        (cpu_s(lambda content: sketch(content, language="python")), cpu_s(by_datasketch))
        for _ in range(3)
    ]
    ours, theirs = (min(seconds) for seconds in zip(*rounds, strict=True))
    print(
        f"signatures of {count} files: {count / ours:.0f} files per CPU second, datasketch "
        f"{count / theirs:.0f}, ratio {theirs / ours:.1f}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--ingest", nargs=2, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ingest:
        ingest(*arguments.ingest)
        return
    measure_signatures(1000)
    # Not in the processes that ingest, whose memory is measured.
    from storage import storage

    with storage() as (_, state):
        measure_storing(state, 50_000)
        measure_growth(state, arguments.sizes)


if __name__ == "__main__":
    main()
