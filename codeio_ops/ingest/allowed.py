"""Which licences a release takes, and how the places where a file was seen are judged together."""

from collections.abc import Sequence

from codeio_ops.config import Settings
from codeio_ops.ingest.base import NO_LICENCE
from codeio_ops.ingest.licence import is_allowed

# Allowed where `Settings.licences` names none: those that ask for attribution at most.
PERMISSIVE = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC", "MIT",
        "MIT-0", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
    }
)  # fmt: skip


def allowed_in_releases(settings: Settings) -> frozenset[str]:
    """Return the licences under which a file may be released."""
    allowed = frozenset(settings.licences) or PERMISSIVE
    return allowed | {NO_LICENCE} if settings.allow_unknown_licence else allowed


def refused_licences(
    of_places: Sequence[str], stated: Sequence[str], settings: Settings
) -> list[str]:
    """Return the licences for which a file must not be released; none when it may.

    Args:
        of_places: The licence in each place where the file was seen.
        stated: What the file says of itself, all of which must be allowed.
        settings: The allow-list, and whether all places must be allowed or one is enough.
    """
    allowed = allowed_in_releases(settings)
    refused = [name for name in of_places if not is_allowed(name, allowed)]
    if settings.licence_rule == "any" and len(refused) < len(of_places):
        refused = []
    own = [name for name in stated if not is_allowed(name, allowed)]
    return list(dict.fromkeys([*refused, *own]))
