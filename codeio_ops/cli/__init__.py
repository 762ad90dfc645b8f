"""The command line: `codeio COMMAND`, also `python -m codeio_ops.cli COMMAND`."""

from codeio_ops.cli.app import main

__all__ = ["main"]
