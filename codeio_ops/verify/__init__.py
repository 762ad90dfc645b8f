"""Verification: reading an answer, comparing it, and saying what was wrong with it.

`VERIFIER_VERSION` changes whenever a change of this package could change a verdict;
verdicts are identified by (response, verifier version).
"""

VERIFIER_VERSION = "1"

# Digest of what this version says of the answers in `tests/unit/verify/test_version.py`.
BEHAVIOUR_SHA256 = "5f855829f19c6abc3ede972ef3aa0464adcfbaed7d8dedc8f221e0633603b3fb"
