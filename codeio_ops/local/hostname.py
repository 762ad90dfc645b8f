"""The host name Airflow records for a process of the stack (`[core] hostname_callable`)."""

import os


def loopback() -> str:
    """Return `localhost`: every component runs here, whatever DNS says of the machine."""
    return "localhost"


def worker() -> str:
    """Return the name of the worker whose process this is: it stands beside what it did."""
    return os.environ["WORKER_NAME"]
