"""Verification: reading an answer, comparing it, and saying what was wrong with it.

`VERIFIER_VERSION` changes whenever a change of this package could change a verdict;
verdicts are identified by (response, verifier version).
"""

VERIFIER_VERSION = "1"
