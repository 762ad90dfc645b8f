"""Settings of the shell that a command runs in."""

import pytest

from codeio_ops.config import Settings


def set_shell(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Let every command of this test read these settings, whatever was imported before it."""
    monkeypatch.setattr(Settings, "load", lambda *_: settings)
