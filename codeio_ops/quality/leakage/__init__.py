"""Leakage `cio-leak-1`: does training text hold text of a benchmark?

- `definition` has the thresholds, `text` the tokens, `functions` the renamed code;
- `index` turns a benchmark into hashes, `registry` keeps them in S3 and Postgres;
- `kernel` and `scan` find them in training text, `verdict` says what a find means;
- `quarantine` takes the sources that leak out of the pipeline.

Source: the measure of arXiv 2502.07316, section 4.7 (`paper_any13`), with filters that make
it usable as a gate (`docs/decisions/0030-leakage.md`).
"""
