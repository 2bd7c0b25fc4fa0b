"""Real processes that ask Battle.net and Discord at the same time, with nothing in common but the database."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import httpx2

from sv_common.db.pool import Pool, counting_statements, make_pool
from sv_common.guild_sync.core.errors import SourceError
from sv_common.guild_sync.sources.battlenet import api
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.discord import rate_limits
from sv_common.guild_sync.sources.discord.client import DiscordClient
from sv_common.guild_sync.sources.http import RetryPolicy
from sv_common.guild_sync.sources.models import CharacterAddress, ProfileState
from sv_common.guild_sync.sources.permits import SharedPermits

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["clients.asking_processes"])


@dataclass(frozen=True)
class Addresses:
    """Where database and sources are, and how to sign in there."""

    database: str
    battle_net: str
    token_url: str
    client_id: str
    client_secret: str
    discord: str
    discord_token: str


@dataclass(frozen=True)
class Outcome:
    """What one process came to: how many requests it got an answer for, how many it was refused, with how many statements."""

    answered: int
    refused: int
    statements: int


Asking = Callable[[Addresses, httpx2.AsyncClient, Pool], Coroutine[Any, Any, tuple[int, int]]]


async def profiles(
    addresses: Addresses,
    http: httpx2.AsyncClient,
    pool: Pool,
    *,
    characters: Sequence[CharacterAddress],
    an_hour: int | None = None,
) -> tuple[int, int]:
    """Fetch profiles, twenty at once."""
    limits = api.SHARED_LIMITS if an_hour is None else replace(api.SHARED_LIMITS, an_hour=an_hour)
    permits = SharedPermits(pool, limits)
    client = BattleNetClient(
        http,
        client_id=addresses.client_id,
        client_secret=addresses.client_secret,
        token_url=addresses.token_url,
        api_url=addresses.battle_net,
        permits=permits,
    )
    answers = await client.fetch_profiles("us", characters)
    await permits.close()
    refused = sum(answer.state in (ProfileState.FAILED, ProfileState.NOT_ASKED) for answer in answers)
    return len(answers) - refused, refused


async def members(
    addresses: Addresses,
    http: httpx2.AsyncClient,
    pool: Pool,
    *,
    guild_id: str,
    user_ids: Sequence[str],
    at_once: int,
    most_refused: int | None = None,
) -> tuple[int, int]:
    """Fetch members of a Discord server, each with a request of its own."""
    limits = rate_limits.SHARED_LIMITS
    if most_refused is not None:
        limits = replace(limits, most_refused=most_refused)
    permits = SharedPermits(pool, limits)
    client = DiscordClient(
        http,
        token=addresses.discord_token,
        api_url=addresses.discord,
        permits=permits,
        retries=RetryPolicy(attempts=1),
    )
    places, outcomes = asyncio.Semaphore(at_once), list[bool]()

    async def fetch(user_id: str) -> None:
        async with places:
            try:
                await client.fetch_member(guild_id, user_id)
            except SourceError:
                outcomes.append(False)
            else:
                outcomes.append(True)

    await asyncio.gather(*(fetch(user_id) for user_id in user_ids))
    await permits.close()
    return outcomes.count(True), outcomes.count(False)


async def run_together(addresses: Addresses, askings: Sequence[Asking]) -> list[Outcome]:
    """Run each in a process of its own, all at the same time."""
    begin = _FORKS.Barrier(len(askings))
    pipes = [_FORKS.Pipe(duplex=False) for _ in askings]
    processes = [
        _FORKS.Process(target=_process, args=(addresses, asking, begin, sender))
        for asking, (_, sender) in zip(askings, pipes, strict=True)
    ]
    for process in processes:
        process.start()
    try:
        return list(await asyncio.gather(*(asyncio.to_thread(receiver.recv) for receiver, _ in pipes)))
    finally:
        for process in processes:
            process.kill()
            process.join()


def _process(addresses: Addresses, asking: Asking, begin: Any, answers: Connection) -> None:
    answers.send(asyncio.run(_ask(addresses, asking, begin)))


async def _ask(addresses: Addresses, asking: Asking, begin: Any) -> Outcome:
    async with make_pool(addresses.database) as pool, httpx2.AsyncClient(trust_env=False) as http:
        await pool.wait()
        await asyncio.to_thread(partial(begin.wait, 60))
        with counting_statements() as count:
            answered, refused = await asking(addresses, http, pool)
        return Outcome(answered, refused, count.statements)
