"""Two nights of ingest on real sources, with planted near-duplicates, and what each brought.

    python benchmarks/nights.py ROWS.jsonl [--old algorithms==1.0.0] [--new algorithms==1.0.1]

`ROWS.jsonl` has the columns of python-edu. Night 1 reads the old version and the rows; night 2
the new version; night 2 is then run again. At last changed copies of files of the rows arrive: 30,
and then one of every other file, on which no threshold was ever tried.
"""

import argparse
import ast
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from storage import storage

COPIES = 30
HEADER = "# Copyright 2020 Somebody\n# SPDX-License-Identifier: MIT\n\n"


class _Rename(ast.NodeTransformer):
    """Gives every variable, parameter and function of a module another name."""

    def __init__(self, tree: ast.Module) -> None:
        nodes = list(ast.walk(tree))
        stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        functions = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
        names = sorted(stored | functions | {n.arg for n in nodes if isinstance(n, ast.arg)})
        self._names = {name: f"renamed_{index}" for index, name in enumerate(names)}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.name = self._names.get(node.name, node.name)
        return node

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self._names.get(node.arg, node.arg)
        return node

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        self.generic_visit(node)
        node.arg = self._names.get(node.arg or "", node.arg)
        return node


def _renamed(text: str) -> str:
    tree = ast.parse(text)
    return ast.unparse(_Rename(tree).visit(tree))


def _commented(text: str) -> str:
    return text.replace("\n", "\n# another remark\n", 1) + "\n# the end\n"


WAYS: dict[str, Callable[[str], str]] = {
    "renamed": _renamed,
    "reformatted": lambda text: ast.unparse(ast.parse(text)),
    "other comments": _commented,
    "a header": lambda text: HEADER + text,
    "all of it": lambda text: HEADER + _commented(_renamed(text)),
}


def plant(contents: Sequence[str], path: Path) -> dict[str, tuple[str, str]]:
    """Write a changed copy of each file, and return sha256 of copy -> (way, sha256 of file)."""
    from codeio_ops.fingerprint import sha256_hex

    planted: dict[str, tuple[str, str]] = {}
    with path.open("w") as out:
        for number, content in enumerate(contents):
            way = list(WAYS)[number % len(WAYS)]
            copy = WAYS[way](content)
            planted[sha256_hex(copy.encode())] = (way, sha256_hex(content.encode()))
            out.write(json.dumps({"content": copy, "path": f"{number}.py"}) + "\n")
    return planted


def _python3(content: str) -> bool:
    try:
        ast.parse(content)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


def nights(state: Any, rows: Path, old: str, new: str) -> Iterator[str]:
    """Run the nights and yield what to print."""
    from sqlalchemy import create_engine, text

    from codeio_ops.dedup.stage import deduplicate_files
    from codeio_ops.fingerprint import sha256_hex
    from codeio_ops.ingest.sources import add_source, find_source, parse_source
    from codeio_ops.ingest.stage import read_source
    from codeio_ops.records import RawFile
    from codeio_ops.storage.engine import Store
    from codeio_ops.storage.runs import TaskIdentity
    from codeio_ops.work import Work
    from support.storage import fresh_settings

    with tempfile.TemporaryDirectory() as directory, fresh_settings(state, rows) as settings:
        store = Store.open(settings.database_url.get_secret_value())
        engine = create_engine(settings.auditor_database_url.get_secret_value())

        def ask(statement: str) -> list[tuple[Any, ...]]:
            with engine.connect() as link:
                return [tuple(row) for row in link.execute(text(statement))]

        def work(stage: str, key: str, task_id: str) -> Work:
            task = TaskIdentity(dag_id="nights", run_id=key, task_id=task_id)
            return Work(settings, stage, task, partition_key=key, store=store)

        def night(key: str, *sources: str) -> Iterator[str]:
            for name in sources:
                source = parse_source(name)
                add_source(store, source)
                source = find_source(store, source.source_id)
                counts = read_source(source, work("ingest", key, name))
                yield f"{key} {name}: {_words(counts)}"
            counts = deduplicate_files(work("dedup", key, "dedup"))
            yield f"{key} dedup: {_words(counts)}"

        def rows_stored() -> str:
            tables = ("raw_file", "raw_file_origin", "blob", "drop_record", "dedup_result")
            counts = [ask(f"SELECT count(*) FROM codeio.{table}")[0][0] for table in tables]
            return ", ".join(
                f"{table} {count}" for table, count in zip(tables, counts, strict=True)
            )

        yield from night("night 1", f"pypi:{old}", f"jsonl:{rows}")
        merged = ask(
            "SELECT count(*) FROM codeio.dedup_result INNER JOIN codeio.raw_file_origin ON "
            "raw_file_id = subject_id WHERE similarity < 1 AND path LIKE '%/%/%' AND version = ''"
        )
        yield f"near-duplicates among the rows: {merged[0][0]}"
        yield from night("night 2", f"pypi:{new}")
        once = rows_stored()
        yield f"after night 2: {once}"
        yield from night("night 2 again", f"pypi:{old}", f"pypi:{new}", f"jsonl:{rows}")
        yield f"rows added by running it again: {0 if rows_stored() == once else rows_stored()}"
        survivors = (
            "SELECT blob_sha256 FROM codeio.raw_file INNER JOIN codeio.dedup_result ON "
            "cluster_id = raw_file_id AND subject_id = raw_file_id"
        )
        kept = {row[0] for row in ask(survivors)}
        contents = [json.loads(line)["content"] for line in rows.read_text().splitlines()]
        copied = [c for c in contents if sha256_hex(c.encode()) in kept and _python3(c)]
        for lot, originals in {"planted": copied[:COPIES], "held out": copied[COPIES:]}.items():
            path = Path(directory, f"{lot}.jsonl")
            planted = plant(originals, path)
            yield from night(lot, f"jsonl:{path}")
            matched = dict(ask("SELECT subject_id, matched_id FROM codeio.dedup_result"))
            ingested = {row[0] for row in ask("SELECT blob_sha256 FROM codeio.raw_file")}
            found, lost = Counter[str](), Counter[str]()
            for copy, (way, original) in planted.items():
                if matched.get(RawFile.identify(copy)) == RawFile.identify(original):
                    found[way] += 1
                elif copy in ingested:
                    lost[way] += 1
            total = found.total() + lost.total()
            yield f"{lot} copies found with the id of their original: {found.total()} of {total}"
            yield f"{lot}, not found: {_words(lost)}; found: {_words(found)}"
        engine.dispose()
        store.close()


def _words(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--old", default="algorithms==1.0.0")
    parser.add_argument("--new", default="algorithms==1.0.1")
    arguments = parser.parse_args()
    with storage() as (_, state):
        for line in nights(state, arguments.rows, arguments.old, arguments.new):
            print(line, flush=True)


if __name__ == "__main__":
    main()
