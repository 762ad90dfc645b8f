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

from runner.mapping import Mapping, read_into

PROTOCOL_VERSION = 4
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
        # Of a fixed size, so that no copy of an output is left where it grew.
        self._pending = memoryview(bytearray(_FLUSH_BYTES))
        self._filled = 0
        self._flushed_at = time.monotonic()

    def receive(self) -> tuple[dict[str, Any], Mapping]:
        """Read one frame; end the process, and so the container, when the host is gone."""
        header_size, body_size = _PREFIX.unpack(self._read(bytearray(_PREFIX.size)))
        if header_size > MAX_HEADER_BYTES or body_size > MAX_BODY_BYTES:
            raise ValueError("the host sent a frame over the limit")
        header = json.loads(self._read(bytearray(header_size)))
        body = Mapping(body_size)
        self._fill(body.view[:body_size])
        return header, body

    def send(self, header: dict[str, Any], body: memoryview | bytes = b"") -> None:
        """Queue one frame, and write the queue when it is full or old."""
        text = json.dumps(header).encode()
        self._queue(_PREFIX.pack(len(text), len(body)) + text)
        self._queue(body)
        if time.monotonic() - self._flushed_at > _FLUSH_S:
            self.flush()

    def flush(self) -> None:
        """Write everything queued, and overwrite it."""
        self._write(self._pending[: self._filled])
        self._pending[: self._filled] = bytes(self._filled)
        self._filled = 0
        self._flushed_at = time.monotonic()

    def _queue(self, part: memoryview | bytes) -> None:
        end = self._filled + len(part)
        if end > _FLUSH_BYTES:
            self.flush()
            end = len(part)
        if end > _FLUSH_BYTES:
            self._write(part)
            return
        self._pending[self._filled : end] = part
        self._filled = end

    def _write(self, part: memoryview | bytes) -> None:
        unsent = memoryview(part)
        while unsent:
            unsent = unsent[os.write(self._fd_out, unsent) :]

    def _read(self, data: bytearray) -> bytearray:
        self._fill(memoryview(data))
        return data

    def _fill(self, view: memoryview) -> None:
        filled = 0
        while filled < len(view):
            count = read_into(self.fd_in, view[filled:])
            if not count:
                os._exit(0)
            filled += count
