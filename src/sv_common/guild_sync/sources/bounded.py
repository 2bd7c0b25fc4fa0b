"""Bounded answers: however small an answer was packed, no more than a limit is read of it."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator

import httpx2

LARGEST_ANSWER = 8 * 2**20
"""Bytes of an answer after unpacking. The largest real ones, 1,000 members of a Discord server, are about one million."""

ACCEPTED_ENCODING = "gzip"
"""The only encoding that is requested, because it can be unpacked in parts."""

_PACKED = ("gzip", "x-gzip", "deflate")
_GZIP_OR_ZLIB = 47
"""`wbits` with which zlib takes both, by their first bytes."""


class TooLongError(httpx2.DecodingError):
    """An answer that is longer than any real one."""


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, *, is_packed: bool) -> None:
        self._stream = stream
        self._is_packed = is_packed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        unpack = _Unpacking() if self._is_packed else None
        sent = kept = 0
        async for chunk in self._stream:
            sent += len(chunk)
            for part in unpack.parts(chunk) if unpack else [chunk]:
                kept += len(part)
                if max(sent, kept) > LARGEST_ANSWER:
                    raise TooLongError(f"more than {LARGEST_ANSWER} bytes")
                yield part
            if sent > LARGEST_ANSWER:  # what unpacks to nothing has no part
                raise TooLongError(f"more than {LARGEST_ANSWER} bytes")

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Unpacking:
    """Unpacks in parts of bounded size, so that a bomb is noticed before it has gone off."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(_GZIP_OR_ZLIB)

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        """Return what a chunk unpacks to. Raises `DecodingError` for what was not packed so."""
        while chunk and not self._zlib.eof:
            try:
                part = self._zlib.decompress(chunk, 2**16)
            except zlib.error as error:
                raise httpx2.DecodingError(str(error)) from error
            if part:
                yield part
            chunk = self._zlib.unconsumed_tail


async def bound(response: httpx2.Response) -> None:
    """Let the body of an answer, which was not read yet, be read within bounds; a hook for a client's responses.

    Reading raises `TooLongError` for one that is too long, and `DecodingError` for one that was packed several times.
    """
    stream = response.stream
    if not isinstance(stream, httpx2.AsyncByteStream):
        raise TypeError("only answers to asynchronous requests are read")
    encodings = [each.strip().lower() for each in response.headers.get("content-encoding", "").split(",")]
    packed = [each for each in encodings if each not in ("", "identity")]
    if len(packed) > 1:
        raise httpx2.DecodingError(f"packed as {', '.join(packed)}", request=response.request)
    is_packed = bool(packed) and packed[0] in _PACKED
    if is_packed:
        del response.headers["content-encoding"]
    response.stream = _BoundedStream(stream, is_packed=is_packed)
