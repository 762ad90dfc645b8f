"""Leakage: megabytes a second of the scan, against a pure-Python oracle, in one run.

    python benchmarks/leakage.py SAMPLES.jsonl NAME=BENCHMARK.jsonl.gz ...

The oracle of the tests judges token tuples in sets; it and the scan must agree on every pair
of an item and a source (`judged`), those in which something was `found` and all others. A row
is scanned as `codeio leakage scan` does. The scan runs once before it is measured, so that
compiling is not counted.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from codeio_ops.quality.leakage.build import build_index
from codeio_ops.quality.leakage.candidates import CandidateFinder
from codeio_ops.quality.leakage.items import read_items
from codeio_ops.quality.leakage.scan import LeakageScanner
from codeio_ops.quality.leakage.training import SourceText
from support.leakage_oracle import scan

T = TypeVar("T")


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.process_time()
    return work(), time.process_time() - start


def main() -> None:
    """Print CPU seconds, MB/s and ratios as JSON."""
    samples, *named = sys.argv[1:]
    rows = [json.loads(line) for line in Path(samples).read_text().splitlines()]
    texts = {
        str(number): {
            name: text
            for name, text in row.items()
            if isinstance(text, str) and ("text" not in row or name == "text")
        }
        for number, row in enumerate(rows)
    }
    benchmarks = {
        name: read_items(Path(path).read_bytes(), origin=path)
        for name, _, path in (argument.partition("=") for argument in named)
    }
    indexes = [build_index(name, items) for name, items in benchmarks.items()]
    sources = [SourceText(source=name, fields=fields) for name, fields in texts.items()]
    scanner, finder = LeakageScanner(indexes), CandidateFinder(indexes)
    plain = [text for fields in texts.values() for text in fields.values()]
    hits = list(scanner.scan(sources))
    finder.find(plain)
    _, kernel_s = _timed(lambda: finder.find(plain))
    _, scan_s = _timed(lambda: list(scanner.scan(sources)))
    expected, oracle_s = _timed(lambda: scan(benchmarks, texts))
    found = {(h.benchmark, h.item, h.source): (h.paper_any13, h.any13, h.rules) for h in hits}
    megabytes = sum(len(text.encode()) for text in plain) / 1e6
    print(
        json.dumps(
            {
                "megabytes": megabytes,
                "judged": len(texts) * sum(map(len, benchmarks.values())),
                "found": len(found),
                "agree": found == expected,
                "kernel_mb_per_s": megabytes / kernel_s,
                "scan_mb_per_s": megabytes / scan_s,
                "oracle_mb_per_s": megabytes / oracle_s,
                "kernel_over_oracle": oracle_s / kernel_s,
                "scan_over_oracle": oracle_s / scan_s,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
