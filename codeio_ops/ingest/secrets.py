"""Finds keys and passwords in source code, by the patterns of detect-secrets.

Left out are its entropy and keyword detectors, which take hashes in test data and the word
"password" for secrets, and those of services that are named beside the key, which take four
fifths of the time.
"""

import re
from functools import cache
from typing import Any

from codeio_ops.records import Drop

_LEFT_OUT = {
    "Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector", "IPPublicDetector",
    "ArtifactoryDetector", "CloudantDetector", "IbmCloudIamDetector", "IbmCosHmacDetector",
    "SoftlayerDetector",
}  # fmt: skip


def secret(path: str, text: str) -> Drop | None:
    """Return a drop that names the kind of secret, and never the secret."""
    for kind, pattern in _patterns():
        for found in pattern.finditer(text):
            if not _is_example(found[0]):
                line = text.count("\n", 0, found.start()) + 1
                return Drop(reason="secret", detail=f"{kind} in line {line}")
    return None


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.plugins.base import RegexBasedDetector

    classes: dict[str, Any] = get_mapping_from_secret_type_to_class()
    return [
        (kind, pattern)
        for kind, detector in sorted(classes.items())
        if issubclass(detector, RegexBasedDetector) and detector.__name__ not in _LEFT_OUT
        for pattern in detector().denylist
    ]


def _is_example(value: str) -> bool:
    """Whether a match is a placeholder of the documentation and no secret."""
    lowered = value.lower()
    return "example" in lowered or "xxxx" in lowered or "user:pass" in lowered
