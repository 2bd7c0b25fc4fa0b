"""One trial: a pipeline is under way, something breaks at some moment of it, and afterwards everything is as it should be."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import psycopg
from procrastinate.exceptions import ConnectorException
from psycopg_pool import PoolTimeout

from jobs.crash_state import UNFINISHED, rows
from patt.queue.tasks import Task
from patt.worker.worker import SCHEDULES, enqueue_due, resume_stalled
from simulation.chaos.faults import FAULTS
from simulation.chaos.skew import SQL
from simulation.chaos.stage import Stage
from simulation.guilds import LivingGuild
from simulation.tally import LawBroken
from simulation.truth import demand_the_truth
from sv_common.guild_sync.mitigations import finish_interrupted

SHORTEST_S, LONGEST_S = 0.2, 1.5
"""How long something stays broken."""

LONGEST_REST_S = 240.0
"""Seconds within which everything must be as it should be again: on a machine that has much else to do, too."""

_REGULAR = tuple(schedule.pipeline for schedule in SCHEDULES)
_Result = TypeVar("_Result")

MANY_STEPS = 60
"""Statements and requests of a short pipeline here, with those of the uploads beside it: nothing later is chosen."""

_EVERY_SLOT_S = 24 * 3600 + 60
_RETRY_S = 20 * 60
_PAUSE_S = 0.1
_LOOKS = 20
_LONGEST_PIPELINE_S = 10


def _enqueue(task: Task) -> Callable[[Stage, LivingGuild], Awaitable[object]]:
    return lambda stage, guild: stage.queue.enqueue(task, guild.guild_id)


PIPELINES: Mapping[str, Callable[[Stage, LivingGuild], Awaitable[object]]] = {
    "addon upload": Stage.upload,
    "Battle.net sync": _enqueue(Task.BATTLE_NET),
    "Discord sync": _enqueue(Task.DISCORD),
    "sweep": _enqueue(Task.SWEEP),
    "full match": Stage.ask_for_a_match,
    "fixes": Stage.ask_for_fixes,
    "digest": _enqueue(Task.DIGEST),
}
"""What is under way, and how it is asked for."""


@dataclass(frozen=True, slots=True)
class Struck:
    """What a trial did: what came next when it broke, None where all was done before, and how long it took to rest (seconds)."""

    moment: int
    before: str | None
    seconds: float


async def strike(stage: Stage, pipeline: str, fault: str) -> Struck:
    """Break something during a pipeline and hold what came of it against the laws. Raises `LawBroken`."""
    guild = stage.rng.choice(list(stage.guilds))
    moment, lasting = stage.rng.randint(1, MANY_STEPS), stage.rng.uniform(SHORTEST_S, LONGEST_S)
    stage.promised.clear()
    for each in stage.guilds:
        stage.live_on(each)
    before: list[str] = []
    broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    async with contextlib.AsyncExitStack() as ends:

        async def break_it() -> None:
            before.extend(stage.moments.statements[-1:])
            stage.health.is_sound = False
            try:
                await ends.enter_async_context(FAULTS[fault](stage))
            except Exception as error:  # noqa: BLE001 -- raised below: here it would end one connection and be lost
                broken.set_exception(error)
            else:
                broken.set_result(None)

        stage.moments.wait_for(moment, break_it)
        asking = asyncio.create_task(_ask(stage, pipeline, guild))
        await asyncio.wait([broken], timeout=_LONGEST_PIPELINE_S)
        if not before:
            stage.moments.begin()  # all is done, and nothing comes before it any more
            await break_it()
        await broken
        await asyncio.sleep(lasting)
        if stage.database.is_down:
            await stage.health.tell_of_the_outage()
    began = time.monotonic()
    async with asyncio.timeout(LONGEST_REST_S):
        await asking
        await _come_to_rest(stage)
    await stage.health.until_well(30)
    await _judge(stage, guild, pipeline)
    stage.health.is_sound = True
    return Struck(moment, _named(before[0]) if before else None, time.monotonic() - began)


async def _ask(stage: Stage, pipeline: str, guild: LivingGuild) -> None:
    """Ask for the pipeline, and let everybody's companion send; what is not acknowledged may be lost."""
    with contextlib.suppress(psycopg.Error, PoolTimeout):
        await PIPELINES[pipeline](stage, guild)
    for each in stage.guilds:
        await stage.upload(each)


async def _come_to_rest(stage: Stage) -> None:
    """Let time pass, and the planner plan, until all that was acknowledged is done and each source was read again.

    The last to come is an export of each guild: a note of somebody whom Battle.net has not told of yet is nobody's.
    """
    since = await _patiently(stage.clock.look)
    await _let_time_pass(stage, _RETRY_S, lambda: _is_all_kept(stage))
    for guild in stage.guilds:
        await _patiently(partial(stage.officers.look_after, guild))
    await _let_time_pass(stage, _EVERY_SLOT_S, lambda: _is_all_read(stage, since))
    for guild in stage.guilds:
        await stage.upload(guild)
    await _let_time_pass(stage, _RETRY_S, lambda: _is_all_kept(stage))


async def _let_time_pass(stage: Stage, seconds: float, is_done: Callable[[], Awaitable[bool]]) -> None:
    """Let so much time pass at once, and then more and more of it as retries need it."""
    while True:
        await _patiently(partial(stage.clock.jump, seconds))
        for _ in range(_LOOKS):
            await _patiently(partial(_plan, stage))
            await asyncio.sleep(_PAUSE_S)
            if await _patiently(is_done):
                return
        seconds = _RETRY_S


async def _patiently(work: Callable[[], Awaitable[_Result]]) -> _Result:
    """Do something as soon as the database lets it be done: connections that were lost are only noticed here."""
    while True:
        try:
            return await work()
        except (psycopg.OperationalError, PoolTimeout, ConnectorException):
            await asyncio.sleep(_PAUSE_S)


async def _plan(stage: Stage) -> None:
    """Do what a worker does each minute."""
    await resume_stalled(stage.queue)
    await enqueue_due(stage.services, await stage.clock.look())
    discord = stage.services.sources.discord
    if discord is not None:
        await finish_interrupted(stage.services.pool, discord)


async def _is_all_kept(stage: Stage) -> bool:
    """Whether what was acknowledged is done. Raises `LawBroken` for what is lost or was given up."""
    ends = {(kind, number): state for kind, number, state in await _rows(stage, "ends")}
    for promise in list(stage.promised):
        state = ends.get(promise)
        if state is None or state in ("failed", "refused"):
            raise LawBroken(f"{promise} was acknowledged, and is {state or 'lost'}")
        if state in ("done", "superseded"):
            stage.promised.remove(promise)
    return not stage.promised and not await rows(stage.services.pool, UNFINISHED)


async def _is_all_read(stage: Stage, since: datetime) -> bool:
    """Whether every pipeline has run well for every guild since then, and nothing is left to do."""
    ended = {(guild_id, name): status for guild_id, name, status in await _rows(stage, "runs_since", since=since)}
    wanted = [(guild.guild_id, name) for guild in stage.guilds for name in _REGULAR]
    is_well = all(ended.get(each) in ("done", "partial") for each in wanted)
    return is_well and not await rows(stage.services.pool, UNFINISHED)


async def _judge(stage: Stage, guild: LivingGuild, pipeline: str) -> None:
    if pipeline in ("full match", "fixes"):  # an officer asked for it, and it has decided about people
        await stage.remember(guild)
    await stage.clock.look()
    await stage.laws.judge_state()
    await demand_the_truth(stage.services.pool, stage.guilds)


async def _rows(stage: Stage, question: str, **values: object) -> list[tuple[Any, ...]]:
    async with stage.services.pool.connection() as conn:
        return await (await conn.execute(SQL[question], values or None)).fetchall()


def _named(statement: str) -> str:
    return " ".join(statement.split())[:60]
