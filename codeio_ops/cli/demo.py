"""`codeio demo`: the whole road on real code, from a bare machine to a published release."""

import time
from typing import Annotated

import typer

from codeio_ops.cli import benchmark, clients
from codeio_ops.cli.clients import open_store, stack_state
from codeio_ops.cli.follow import Made, run_road
from codeio_ops.cli.output import say
from codeio_ops.cli.release import show
from codeio_ops.cli.run import a_sample, funnel
from codeio_ops.config import home_directory
from codeio_ops.extras import require
from codeio_ops.ingest.sources import add_source, parse_source
from codeio_ops.local import environment, stack
from codeio_ops.local.home import Home
from codeio_ops.quality.leakage.registry import KNOWN
from codeio_ops.sandbox.engine import ensure_engine
from codeio_ops.sandbox.image import ensure_image

SOURCE = "pypi:algorithms==1.0.1"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(demo)


def demo(
    source: Annotated[str, typer.Option(help="Source to ingest.")] = SOURCE,
) -> None:
    """Start everything, ingest a real package, and follow it to a published release.

    Exit code 0 only when a release is published. Run again, it does only what is new.
    """
    started = time.monotonic()
    prepare(source)
    made = run_road().made[0]
    funnel()
    show(made.name, made.version)
    _show_where(made)
    say(f"done in {time.monotonic() - started:.0f} s")


def prepare(source: str) -> None:
    """Bring up engine, image and stack, and add the source and a benchmark."""
    require("embedded")
    ensure_engine(say)
    ensure_image(clients.load_settings().sandbox_image, say)
    stack.up(Home(home_directory()), say=say)
    add_source(clients.open_store(), parse_source(source))
    for name, location in KNOWN.items():
        benchmark.index(name, location)


def _show_where(made: Made) -> None:
    state = stack_state()
    print(f"\nAirflow:   {environment.airflow_url(state)}")
    print(f"user:      {environment.AIRFLOW_USER}")
    print(f"password:  {state.secrets.airflow_admin_password}")
    print(f"a sample:  codeio lineage {a_sample(open_store(), made.release_id)}")
    print(f"the files: codeio release pull {made.name} {made.version} DIRECTORY")
    print("to stop:   codeio down")
