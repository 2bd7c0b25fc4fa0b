"""What surrounds an answer: its headers about waiting, and a body packed in any way, unpacked within bounds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import httpx2

from sv_common.guild_sync.sources.bounded import LARGEST_ANSWER, TooLongError, bound
from sv_common.guild_sync.sources.http import retry_after, wait_in_header


class _Body(httpx2.AsyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


def check(data: bytes) -> None:
    """Fail where headers or a body raise what no client expects, or more is kept than is promised."""
    head, _, body = data.partition(b"\n\n")
    headers = [(name.strip(), value.strip()) for name, _, value in (line.partition(b":") for line in head.split(b"\n"))]
    answer = httpx2.Response(
        429,
        headers=[each for each in headers if each[0]],
        stream=_Body(body),
        request=httpx2.Request("GET", "http://127.0.0.1"),
    )
    wait = wait_in_header(answer)
    assert wait is None or wait >= 0, f"a wait of {wait} seconds"
    with suppress(httpx2.DecodingError, TooLongError):
        _finished(_read(answer))
        assert len(answer.content) <= LARGEST_ANSWER, "more was kept than is promised"
        retry_after(answer)


async def _read(answer: httpx2.Response) -> None:
    await bound(answer)
    await answer.aread()


def _finished(reading: object) -> None:
    """Run what never waits, without the cost of an event loop."""
    try:
        reading.send(None)  # type: ignore[attr-defined]
    except StopIteration:
        return
    raise AssertionError("it waits for something")
