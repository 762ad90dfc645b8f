"""Near-duplicates: found with what they match, once, by rules that do not depend on order."""

import ast
from collections.abc import Callable
from pathlib import Path

from codeio_ops.fingerprint import sha256_hex
from codeio_ops.records import RawFile
from support.ingesting import Platform, program

Write = Callable[..., Path]


def raw_file_id(content: str) -> str:
    return str(RawFile.identify(sha256_hex(content.encode())))


def results(platform: Platform) -> dict[str, tuple[str, str | None, float | None]]:
    rows = platform.sql(
        "SELECT subject_id, cluster_id, matched_id, similarity FROM codeio.dedup_result"
    )
    return {str(a): (str(b), None if c is None else str(c), d) for a, b, c, d in rows}


class _Rename(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id in ("total", "value", "values", "position", "limit", "result"):
            node.id = f"{node.id}_2"
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = f"{node.arg}_2" if node.arg != "item" else node.arg
        return node


def renamed(content: str) -> str:
    return ast.unparse(_Rename().visit(ast.parse(content)))


def commented(content: str) -> str:
    return content.replace("\n    ", "\n\n        # a note\n    ").replace('"""Say', '"""Tell')


def with_header(content: str) -> str:
    return f"# Copyright 2020 Somebody\n# SPDX-License-Identifier: MIT\n\n{content}"


def test_planted_copies_are_found_with_what_they_match(platform: Platform, write: Write) -> None:
    originals = [program(number) for number in range(1, 13)]
    platform.ingest(platform.add(f"directory:{write('first', **named(originals))}"))
    assert platform.deduplicate() == {"unique": 12}
    changes = (renamed, commented, with_header)
    copies = [changes[number % 3](text) for number, text in enumerate(originals)]
    platform.ingest(platform.add(f"directory:{write('second', **named(copies))}"))
    counts = platform.deduplicate()
    assert counts["near_duplicate"] + counts["duplicate_code"] == 12
    assert counts["unique"] == 0
    found = results(platform)
    for original, copy in zip(originals, copies, strict=True):
        assert found[raw_file_id(copy)][:2] == (raw_file_id(original), raw_file_id(original))
    drops = dict(
        platform.sql(
            "SELECT subject_id::text, detail FROM codeio.drop_record WHERE stage = 'dedup'"
        )
    )
    assert raw_file_id(originals[0]) in drops[raw_file_id(copies[0])]
    assert platform.sql("SELECT count(*) FROM codeio.pending_transform") == [(12,)]


def test_a_second_run_compares_nothing(platform: Platform, write: Write) -> None:
    platform.ingest(platform.add(f"directory:{write('first', **named([program(1)]))}"))
    platform.deduplicate()
    before = results(platform)
    assert platform.deduplicate() == {}
    assert results(platform) == before


def test_of_one_night_the_smallest_id_survives_whatever_came_first(
    platform: Platform, write: Write
) -> None:
    texts = [program(1), renamed(program(1)), with_header(renamed(program(1)))]
    for position in (2, 0, 1):
        root = write(f"source_{position}", a=texts[position])
        platform.ingest(platform.add(f"directory:{root}"))
    platform.deduplicate()
    survivor = min(raw_file_id(text) for text in texts)
    assert {cluster for cluster, _, _ in results(platform).values()} == {survivor}


def test_an_earlier_file_survives_a_later_one_of_smaller_id(
    platform: Platform, write: Write
) -> None:
    texts = sorted((program(1), renamed(program(1))), key=raw_file_id, reverse=True)
    for position, text in enumerate(texts):
        platform.ingest(platform.add(f"directory:{write(f'night_{position}', a=text)}"))
        platform.deduplicate()
    assert results(platform)[raw_file_id(texts[1])][0] == raw_file_id(texts[0])


def test_a_segment_that_no_row_names_is_ignored(platform: Platform, write: Write) -> None:
    platform.ingest(platform.add(f"directory:{write('first', a=program(1))}"))
    platform.deduplicate()
    platform.sql("DELETE FROM codeio.dedup_segment; DELETE FROM codeio.dedup_result")
    assert platform.deduplicate() == {"unique": 1}


def named(contents: list[str]) -> dict[str, str]:
    return {f"module_{number}": content for number, content in enumerate(contents)}
