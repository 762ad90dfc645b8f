"""Which texts say the same: runs of tokens (shingles), and how many of them two texts share.

There are two measures, on purpose. `stage` searches everything ever kept, in which renamed
variables count as the same, by an estimate that misses a few (`minhash`); it decides who is
dropped. `exact` compares the programs of one release with each other, by their plain tokens and
missing none; it decides who stands in the same split, and is the witness against the first.
"""

SHINGLE_TOKENS = 5
THRESHOLD = 0.7
"""Jaccard similarity of their shingles from which on two texts are near-duplicates."""
