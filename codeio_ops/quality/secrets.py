"""Secrets and personal data: what must not be taught to a model.

Secrets are found by the detectors of `detect-secrets` that know a form (keys of a provider,
private keys, tokens, passwords in URLs). Those that guess from entropy or from the name of a
variable are left out: in code they mostly find hashes and test data.
"""

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from codeio_ops.config import Settings
from codeio_ops.jsonvalue import Json
from codeio_ops.quality.leakage.training import SourceText, TrainingText, program_sources
from codeio_ops.quality.measurement import MAX_EVIDENCE, GateInputs, Measurement, Severity
from codeio_ops.records import Drop, DropRecord
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter

if TYPE_CHECKING:
    from detect_secrets.plugins.base import RegexBasedDetector

log = logging.getLogger(__name__)

Find = Callable[[str], Iterable[str]]

_NAMED_PLACES = 5
_DETECTORS = (
    "ArtifactoryDetector",
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "CloudantDetector",
    "DiscordBotTokenDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "IbmCloudIamDetector",
    "JwtTokenDetector",
    "MailchimpDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SendGridDetector",
    "SlackDetector",
    "SquareOAuthDetector",
    "StripeDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@((?:[\w-]+\.)+[a-z]{2,})(?![\w-])", re.IGNORECASE)
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\w)")
# RFC 2606 and RFC 6762: names that belong to nobody.
_NOBODY = re.compile(
    r"(?:^|\.)(?:example(?:\.(?:com|net|org))?|test|invalid|localhost|local)$", re.IGNORECASE
)
# Public resolvers belong to no person, and a version such as 1.2.3.4 has small parts only.
_WELL_KNOWN = frozenset({"1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9"})
_LARGEST_VERSION = 31


def find_secrets(text: str) -> Iterator[str]:
    """Yield the kind of each secret in a text, with its first line: never the secret itself."""
    for detector in _detectors():
        if any(True for _ in detector.analyze_string(text)):
            yield f"{detector.secret_type}{_first_line(text, detector)}"


def find_personal_data(text: str) -> Iterator[str]:
    """Yield the kind of each e-mail address or public IP address, with its line."""
    for number, line in enumerate(text.splitlines(), start=1):
        if "@" in line:
            for match in _EMAIL.finditer(line):
                if not _NOBODY.search(match[1]):
                    yield f"e-mail address, line {number}"
        for match in _IPV4.finditer(line):
            if _is_public(match[0]):
                yield f"IP address, line {number}"


def screen_private(*, store: Store, writer: FactWriter, settings: Settings) -> Counter[str]:
    """Quarantine the files of finished samples that hold a secret or personal data.

    What was found is kept in the drop by its kind, field and line, never in words. With
    `settings.quarantine_private` off nothing happens, and the gates find it.

    Returns:
        Counts of programs, by reason.
    """
    if not settings.quarantine_private:
        return Counter()
    texts = store.fetch("benchmark.finished_texts", TrainingText)
    files = {str(text.program_id): text.raw_file_id for text in texts}
    counts: Counter[str] = Counter()
    drops = []
    for source in program_sources(texts):
        for reason, find in _FINDERS.items():
            places = _places(source, find)
            if places:
                detail = f"program {source.source}: {'; '.join(places[:_NAMED_PLACES])}"
                drops.append(
                    DropRecord.new(
                        Drop(reason=reason, detail=detail),
                        stage="screen",
                        subject_id=files[source.source],
                        stage_run_id=writer.run.stage_run_id,
                    )
                )
                counts[reason] += 1
                break
    writer.write(drops)
    log.info("private data in samples: %s", dict(counts), extra={"action": "screen"})
    return counts


def secrets(inputs: GateInputs) -> Measurement:
    """Count programs whose samples hold a key, token or password."""
    return _measured("programs with a secret", find_secrets, inputs, Severity.HARD)


def personal_data(inputs: GateInputs) -> Measurement:
    """Count programs whose samples hold an e-mail address or a public IP address."""
    return _measured("programs with personal data", find_personal_data, inputs, Severity.SOFT)


_FINDERS: Mapping[str, Find] = {"secret": find_secrets, "personal_data": find_personal_data}


def _measured(metric: str, find: Find, inputs: GateInputs, severity: Severity) -> Measurement:
    texts = inputs.store.fetch(
        "benchmark.release_texts", TrainingText, release_id=inputs.release_id
    )
    found: dict[str, Json] = {}
    for source in program_sources(texts):
        places = _places(source, find)
        if places:
            found[source.source] = list[Json](places[:MAX_EVIDENCE])
    return Measurement(
        metric=metric,
        value=len(found),
        threshold=0,
        evidence={"programs": dict(list(found.items())[:MAX_EVIDENCE])},
        severity=severity,
    )


def _places(source: SourceText, find: Find) -> list[str]:
    return [f"{name}: {kind}" for name, text in source.fields.items() for kind in find(text)]


@cache
def _detectors() -> "tuple[RegexBasedDetector, ...]":
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

    kinds: Iterable[type[RegexBasedDetector]] = get_mapping_from_secret_type_to_class().values()
    known = {kind.__name__: kind for kind in kinds}
    return tuple(known[name]() for name in _DETECTORS)


def _first_line(text: str, detector: "RegexBasedDetector") -> str:
    for number, line in enumerate(text.splitlines(), start=1):
        if any(True for _ in detector.analyze_string(line)):
            return f", line {number}"
    return ""


def _is_public(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return found.is_global and address not in _WELL_KNOWN and max(found.packed) > _LARGEST_VERSION
