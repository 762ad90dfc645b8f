"""The jobs of the guest; each takes and returns JSON values."""

from collections.abc import Callable
from importlib import import_module

from codeio_ops.jsonvalue import Json

_JOBS = {
    "record_call": "recording",
    "find_input": "input_search",
    "demo_calls": "demo_calls",
    "try_units": "trials",
    "verify": "trials",
    "rare_inputs": "rare_inputs",
}


def run(*, kind: str, job: dict[str, Json]) -> Json:
    """Do a job with the fields of `job` as arguments; only its own modules are loaded."""
    function: Callable[..., Json] = getattr(import_module(f"{__package__}.{_JOBS[kind]}"), kind)
    return function(**job)
