"""Frames between the host and the supervisor, on the container's stdin and stdout.

A frame is `!II` (header bytes, body bytes), a JSON header and an opaque body. The same
layout is written again in `codeio_ops/sandbox/protocol.py`: the two sides share no code,
only this description and `PROTOCOL_VERSION`.
"""

import json
import os
import struct
import time
from typing import Any

PROTOCOL_VERSION = 2
MAX_HEADER_BYTES = 1 << 20
MAX_BODY_BYTES = 20 << 20
_PREFIX = struct.Struct("!II")
_FLUSH_BYTES = 64 << 10
_FLUSH_S = 1.0


class HostChannel:
    """The supervisor's end of the frames; answers are gathered and written together.

    A write costs several process switches before the host sees it, and most calls take
    less time than that. Nothing waits longer than `_FLUSH_S`, so that the host can
    tell a slow job from a dead supervisor.
    """

    def __init__(self, fd_in: int, fd_out: int) -> None:
        self.fd_in = fd_in
        self._fd_out = fd_out
        self._pending = bytearray()
        self._flushed_at = time.monotonic()

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """Read one frame; end the process, and so the container, when the host is gone."""
        header_size, body_size = _PREFIX.unpack(self._read_exactly(_PREFIX.size))
        if header_size > MAX_HEADER_BYTES or body_size > MAX_BODY_BYTES:
            raise ValueError("the host sent a frame over the limit")
        header = json.loads(self._read_exactly(header_size))
        return header, self._read_exactly(body_size)

    def send(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Queue one frame, and write the queue when it is large or old."""
        text = json.dumps(header).encode()
        self._pending += _PREFIX.pack(len(text), len(body)) + text + body
        late = time.monotonic() - self._flushed_at > _FLUSH_S
        if late or len(self._pending) > _FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write everything queued."""
        unsent = memoryview(bytes(self._pending))
        self._pending.clear()
        while unsent:
            unsent = unsent[os.write(self._fd_out, unsent) :]
        self._flushed_at = time.monotonic()

    def _read_exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            chunk = os.read(self.fd_in, min(1 << 20, size - len(data)))
            if not chunk:
                os._exit(0)
            data += chunk
        return bytes(data)
