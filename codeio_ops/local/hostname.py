"""The host name Airflow records for this machine (`[core] hostname_callable`)."""


def loopback() -> str:
    """Return `localhost`: every component runs here, whatever DNS says of the machine."""
    return "localhost"
