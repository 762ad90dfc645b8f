"""Verification: reading an answer, comparing it, and saying what was wrong with it.

`VERIFIER_VERSION` changes whenever a change of this package could change a verdict;
verdicts are identified by (response, verifier version).
"""

VERIFIER_VERSION = "2"

# Digest of what this version says of the answers in `tests/unit/verify/test_version.py`.
BEHAVIOUR_SHA256 = "f7c9045933942b0368003daf34855dc82d89b84490fe2c5f77ec1f186f21afa5"
