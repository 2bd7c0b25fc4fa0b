"""Answers without an end, and small ones that unpack to much more: no client keeps them, and each says so."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from sv_common.guild_sync.core.errors import SourceMalformed, SourceUnavailable
from sv_common.guild_sync.simulators.server import serve
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.bounded import LARGEST_ANSWER
from sv_common.guild_sync.sources.discord import login
from sv_common.guild_sync.sources.discord.client import DiscordClient
from sv_common.guild_sync.sources.discord.login import DiscordLogin
from sv_common.guild_sync.sources.http import Timing
from sv_common.guild_sync.sources.models import GuildAddress

TOO_MUCH_MEMORY = 12 * LARGEST_ANSWER
PIECE = b" " * 2**20
PIECES = 150
SECRET = "made-up"  # noqa: S105 -- of nobody


@dataclass
class Endless:
    """A service whose every answer has no end worth waiting for."""

    headers: dict[str, str] = field(default_factory=dict)
    pieces: Callable[[], list[bytes]] = list
    tokens_are_honest: bool = True
    asked: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    async def _answer(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        if self.tokens_are_honest and request.method == "POST":
            return Response('{"access_token": "t", "expires_in": 86400, "token_type": "Bearer", "scope": "identify"}')
        return StreamingResponse(self._body(), headers=self.headers, media_type="application/json")

    async def _body(self) -> AsyncIterator[bytes]:
        for piece in self.pieces():
            yield piece


def endless(*, tokens_are_honest: bool) -> Endless:
    return Endless({}, lambda: list(itertools.repeat(PIECE, PIECES)), tokens_are_honest)


@cache
def packed() -> bytes:
    return gzip.compress(PIECE * PIECES)


def bomb(*, tokens_are_honest: bool) -> Endless:
    """A seventh of a megabyte that becomes 150."""
    return Endless({"Content-Encoding": "gzip"}, lambda: [packed()], tokens_are_honest)


def packed_twice(*, tokens_are_honest: bool) -> Endless:
    return Endless({"Content-Encoding": "gzip, gzip"}, lambda: [gzip.compress(packed())], tokens_are_honest)


Ask = Callable[[str, httpx2.AsyncClient, Timing], Awaitable[object]]


async def roster(url: str, http: httpx2.AsyncClient, timing: Timing) -> object:
    client = BattleNetClient(
        http, client_id="i", client_secret=SECRET, token_url=f"{url}/token", api_url=url, timing=timing
    )
    return await client.fetch_members(GuildAddress("us", "area-52", "lantern-watch"))


async def members(url: str, http: httpx2.AsyncClient, timing: Timing) -> object:
    return await DiscordClient(http, token=SECRET, api_url=url, timing=timing).fetch_guild("7000")


async def sign_in(url: str, http: httpx2.AsyncClient, timing: Timing) -> object:
    return await DiscordLogin("i", SECRET, f"{url}/authorize", url, "http://127.0.0.1/back").identify("c", "v" * 43)


@pytest.mark.parametrize("service", [endless, bomb], ids=["endless", "bomb"])
@pytest.mark.parametrize(
    ("ask", "tokens_are_honest"),
    [(roster, True), (sign_in, True), (sign_in, False)],
    ids=["roster", "sign-in", "token of a sign-in"],
)
async def test_an_answer_that_is_far_longer_than_any_real_one_is_refused_at_its_bound(
    http: httpx2.AsyncClient, timing: Timing, service: Callable[..., Endless], ask: Ask, *, tokens_are_honest: bool
) -> None:
    source = service(tokens_are_honest=tokens_are_honest)
    packed()  # not while the memory is measured
    async with serve(source.app()) as url:
        tracemalloc.start()
        try:
            with pytest.raises(SourceMalformed, match=r"sent more than 8 MB for .*\. Nothing was used of it\."):
                await ask(url, http, timing)
            assert tracemalloc.get_traced_memory()[1] < TOO_MUCH_MEMORY
        finally:
            tracemalloc.stop()
    assert len(source.asked) <= 2, "it is not asked again for more of the same"


async def test_an_answer_that_is_packed_several_times_is_not_unpacked(http: httpx2.AsyncClient, timing: Timing) -> None:
    packed()
    async with serve(packed_twice(tokens_are_honest=True).app()) as url:
        tracemalloc.start()
        try:
            with pytest.raises(Exception, match="failed while asking for the server"):
                await members(url, http, timing)
            assert tracemalloc.get_traced_memory()[1] < TOO_MUCH_MEMORY
        finally:
            tracemalloc.stop()


async def test_an_honest_answer_may_be_packed(http: httpx2.AsyncClient, timing: Timing) -> None:
    answer = gzip.compress(b'{"id": "5", "name": "PATT", "flags": 0}')
    source = Endless({"Content-Encoding": "gzip"}, lambda: [answer[:9], answer[9:]])
    async with serve(source.app()) as url:
        application = await DiscordClient(http, token=SECRET, api_url=url, timing=timing).fetch_application()
    assert application.application_id == "5"


async def test_a_sign_in_whose_answers_trickle_in_comes_to_an_end(
    http: httpx2.AsyncClient, timing: Timing, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trickle(self: Endless) -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.05)

    monkeypatch.setattr(Endless, "_body", trickle)
    monkeypatch.setattr(login, "LONGEST_SIGN_IN", 0.5)
    async with serve(Endless(tokens_are_honest=False).app()) as url:
        with pytest.raises(SourceUnavailable, match="did not respond"):
            await sign_in(url, http, timing)
