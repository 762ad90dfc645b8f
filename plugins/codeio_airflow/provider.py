"""What Airflow reads of this provider by an entry point."""

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return the provider's description."""
    return {"package-name": "codeio-ops", "name": "CODE I/O", "description": ""}
