"""Bodies of replies, bounded while they arrive: nobody's endpoint may fill the memory."""

import zlib
from collections.abc import AsyncIterator, Iterator

from httpx2 import AsyncByteStream, Request, Response

from codeio_ops.teacher.journal import MAX_BODY_BYTES

# Each token of a streamed reply comes in an envelope of its own.
_MAX_STREAM_BYTES = 8 * MAX_BODY_BYTES
_PIECE = 1 << 16
# What zlib takes for gzip and for deflate, by their headers.
_ANY_HEADER = 47


class BodyRefused(Exception):
    """A body is longer than any reply may be, or packed in a way that was not asked for."""


async def ask_for_plain_bytes(request: Request) -> None:
    """Ask for a body that is not compressed."""
    request.headers["accept-encoding"] = "identity"


async def bound(response: Response) -> None:
    """Let no more of a body be read than a reply may have, counted as it is unpacked.

    Raises:
        BodyRefused: the body is packed in another way than gzip and deflate.
    """
    assert isinstance(response.stream, AsyncByteStream)
    packing = response.headers.pop("content-encoding", "identity").lower()
    if packing not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise BodyRefused(f"the reply is packed as {packing[:40]!r}")
    streamed = response.headers.get("content-type", "").startswith("text/event-stream")
    limit = _MAX_STREAM_BYTES if streamed else MAX_BODY_BYTES
    response.stream = _Bounded(response.stream, limit, unpacks=packing not in ("", "identity"))


class _Bounded(AsyncByteStream):
    def __init__(self, stream: AsyncByteStream, limit: int, *, unpacks: bool) -> None:
        self._stream, self._left = stream, limit
        self._unpacker = zlib.decompressobj(_ANY_HEADER) if unpacks else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for packed in self._stream:
            for piece in self._pieces(packed):
                self._left -= len(piece)
                if self._left < 0:
                    raise BodyRefused("the reply is too long")
                yield piece

    def _pieces(self, packed: bytes) -> Iterator[bytes]:
        if self._unpacker is None:
            yield packed
            return
        while packed:
            try:
                piece = self._unpacker.decompress(packed, _PIECE)
            except zlib.error as exc:
                raise BodyRefused("the reply is packed badly") from exc
            yield piece
            packed = self._unpacker.unconsumed_tail

    async def aclose(self) -> None:
        await self._stream.aclose()
