"""Real processes that are killed at any moment: what was acknowledged is done in the end, and nothing is done twice."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from jobs.crash_clients import Clients, until
from jobs.crash_machines import POLL_S, Machine, Machines
from jobs.crash_state import (
    FIXES_OF_OFFICERS,
    INTERRUPTED_RUNS,
    ROLE_ATTEMPTS,
    RUNS_UNDER_WAY,
    UNDONE,
    UNFINISHED,
    Rows,
    end_of,
    rows,
)
from jobs.crash_story import FIXES, SHORT, WHOLE, Cast, Chapter, Size, begin
from patt.app import create_app
from patt.auth import credentials
from patt.bootstrap import Services, open_services
from patt.config import Settings
from patt.worker import worker
from patt.worker.worker import enqueue_due, resume_stalled, work_until_stopped
from server_folders import TEMPLATE
from sv_common.db import embedded
from sv_common.db.pool import Pool
from sv_common.guild_sync.mitigations import undo
from sv_common.guild_sync.scheduler import run_discord_sync
from sv_common.guild_sync.simulators import GuildSimulator
from sv_common.guild_sync.simulators.crowd import BATTLENET_ROOT, DISCORD_ROOT, TOKEN_PATH, CrowdSimulator
from sv_common.guild_sync.simulators.faults import Fault
from sv_common.guild_sync.simulators.server import running, serve
from sv_common.guild_sync.sources.http import http_client

ONE_GUILD = replace(SHORT, guilds=1)
LONGEST_DELAY_S = 0.4
LONGEST_LIFE_S = 300
"""Seconds after which a life that does not come to its end has lost something; it needs a small part of that."""

_MINUTE_S = 1.0
"""Seconds that the planner's minute has here."""
_LOOK_S = 0.02


@dataclass
class Stage:
    """Guilds, processes and clients, ready for a life."""

    size: Size
    services: Services
    crowd: CrowdSimulator
    chapters: Sequence[Chapter]
    machines: Machines
    clients: Clients

    @property
    def crew(self) -> tuple[Machine, ...]:
        return self.machines.web, self.machines.worker

    def roles(self) -> dict[str, list[str]]:
        members = [member for each in self.crowd.neighbors for member in each.world.members if not member.is_bot]
        return {member.user_id: sorted(member.role_ids) for member in members}

    def role_changes(self) -> Counter[tuple[str, str, str]]:
        """How often each role was given to, or taken from, each member."""
        return Counter((e.action, e.user_id, e.role_id) for n in self.crowd.neighbors for e in n.world.audit_log)

    def kill_web_after(self, route: str) -> None:
        """Let the web process die when Discord has done what it was asked, before it can learn so; once in half of the guilds."""

        def strike(answer: Response) -> Response:
            self.machines.web.kill()
            return answer

        for neighbor in self.crowd.neighbors[: (len(self.crowd.neighbors) + 1) // 2]:
            neighbor.faults.add(route, Fault(change=strike))


@dataclass(frozen=True)
class End:
    """What a life has led to."""

    state: dict[str, Rows]
    roles: dict[str, list[str]]


@pytest.mark.parametrize("size", [SHORT, pytest.param(WHOLE, marks=pytest.mark.nightly)], ids=["short", "whole"])
async def test_a_life_full_of_kills_ends_like_one_without(
    server: embedded.EmbeddedServer, tmp_path: Path, size: Size, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_POLL_S", POLL_S)
    async with _stage(server, "undisturbed", tmp_path, size) as stage:
        undisturbed = await _live(stage, with_kills=False)
    async with _stage(server, "disturbed", tmp_path, size) as stage:
        disturbed = await _live(stage, with_kills=True)
        assert await rows(stage.services.pool, INTERRUPTED_RUNS) != []
        assert max(stage.role_changes().values()) == 1
        await _assert_every_answer_is_true(stage)
    assert Counter(row[2] for row in disturbed.state["uploads"]) == {"done": size.guilds * size.uploads}
    assert disturbed == undisturbed


async def test_what_discord_did_just_before_a_kill_is_not_done_again(
    server: embedded.EmbeddedServer, tmp_path: Path
) -> None:
    async with _stage(server, "roles", tmp_path, ONE_GUILD) as stage:
        wish = stage.chapters[0].wishes[-1]
        roles = stage.roles()
        stage.kill_web_after("add_role")
        stage.kill_web_after("remove_role")
        async with _going_on(stage.machines.keep_running(stage.machines.web)):
            answer = await stage.clients.fix(wish)
        assert stage.machines.web.deaths == 2
        assert [change[0] for change in stage.role_changes()] == ["add", "remove"]
        ((issue_id, (attempt,)),) = await rows(stage.services.pool, FIXES_OF_OFFICERS)
        assert issue_id == wish.issue_id
        # A run of the process that started anew may finish the fix before the officer asks again.
        assert (answer["outcome"], answer["attempt_id"]) in (("fixed", attempt), ("nothing_to_do", None))
        assert stage.roles() != roles


async def test_an_undo_whose_process_died_when_discord_had_done_it_is_finished_by_the_next(
    server: embedded.EmbeddedServer, tmp_path: Path
) -> None:
    async with _stage(server, "undone", tmp_path, ONE_GUILD) as stage:
        roles = stage.roles()
        async with _going_on(stage.machines.keep_running(stage.machines.web)):
            answer = await stage.clients.fix(stage.chapters[0].wishes[-1])
            stage.kill_web_after("remove_role")
            await stage.clients.undo(answer["attempt_id"])
        assert stage.machines.web.deaths == 1
        assert stage.roles() == roles
        assert set(stage.role_changes().values()) == {1}
        assert await rows(stage.services.pool, UNDONE) == [(answer["attempt_id"], "token robot")]


@pytest.mark.parametrize(("route", "ending"), [("add_role", ("failed", 1)), ("remove_role", ("fixed", 2))])
async def test_what_discord_did_before_a_kill_is_recorded_by_the_next_pipeline_and_can_be_undone(
    server: embedded.EmbeddedServer, tmp_path: Path, route: str, ending: tuple[str, int]
) -> None:
    """No officer asks again: what the process that died had written down before is enough."""
    async with _stage(server, f"recorded_{route}", tmp_path, ONE_GUILD) as stage:
        pool, sources = stage.services.pool, stage.services.sources
        wish, roles = stage.chapters[0].wishes[-1], stage.roles()
        stage.kill_web_after(route)
        await _ask_once(stage, stage.clients.fix(wish), changes=ending[1])
        assert await rows(pool, ROLE_ATTEMPTS) == [("running", 0)]
        report = await run_discord_sync(pool, guild_id=stage.chapters[0].guild_id, sources=sources)
        assert "finish_interrupted" in [step.name for step in report.steps]
        assert await rows(pool, ROLE_ATTEMPTS) == [ending]
        assert sum(stage.role_changes().values()) == ending[1]
        ((attempt,),) = await rows(
            pool, "select id from guild_identity.fix_attempts where issue_type = 'role_mismatch'"
        )
        await undo(pool, attempt, actor="alice", discord_bot=sources.discord)
        assert stage.roles() == roles


async def _ask_once(stage: Stage, asking: Coroutine[Any, Any, dict[str, Any]], *, changes: int) -> None:
    """Ask, let the web process die when Discord has made so many changes, and neither ask again nor start it again."""
    web, task = stage.machines.web, asyncio.create_task(asking)
    async with _going_on(stage.machines.keep_running(web)):
        await until(partial(_has_changed, stage, changes))
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    web.kill()
    if web.process is not None:
        web.process.join()


async def _has_changed(stage: Stage, changes: int) -> bool:
    return sum(stage.role_changes().values()) == changes


async def _live(stage: Stage, *, with_kills: bool) -> End:
    """Let everything happen, wait until nothing is left to do, and say what came of it. Without kills it happens in this process."""
    work = [_let_minutes_pass(stage.services)]
    async with asyncio.timeout(LONGEST_LIFE_S), contextlib.AsyncExitStack() as here:
        if with_kills:
            stage.kill_web_after("add_role")
            work += [
                stage.machines.keep_running(*stage.crew),
                _kill_at_random_moments(stage),
                _kill_in_the_middle(stage),
            ]
        else:
            stage.clients.base_url = await here.enter_async_context(serve(create_app(stage.services)))
            work.append(work_until_stopped(stage.services))
        await here.enter_async_context(_going_on(*work))
        await stage.clients.live(stage.chapters)
        await until(partial(_is_all_done, stage.services))
    return End(await end_of(stage.services.pool), stage.roles())


async def _is_all_done(services: Services) -> bool:
    return not await rows(services.pool, UNFINISHED)


async def _kill_at_random_moments(stage: Stage) -> None:
    """Kill a process, or all, soon after some acknowledgements, which are spread over the whole life."""
    kills, requests = stage.size.kills, stage.size.requests
    rng = random.Random(kills)  # noqa: S311 -- chooses moments, guards nothing
    for moment in sorted(rng.sample(range(3, requests * 9 // 10), kills)):
        await stage.clients.progress.reach(moment)
        await asyncio.sleep(rng.uniform(0, LONGEST_DELAY_S))
        for machine in rng.sample(stage.crew, rng.randint(1, len(stage.crew))):
            machine.kill()


async def _kill_in_the_middle(stage: Stage) -> None:
    """Kill all processes while a run is under way, until one was really cut off: some end just before the blow."""
    pool = stage.services.pool
    while not await rows(pool, INTERRUPTED_RUNS):
        await until(lambda: rows(pool, RUNS_UNDER_WAY), pause_s=_LOOK_S)
        for machine in stage.crew:
            machine.kill()
        await until(partial(_has_ended, pool, await rows(pool, RUNS_UNDER_WAY)), pause_s=_LOOK_S)


async def _has_ended(pool: Pool, runs: Rows) -> bool:
    return not set(runs) & set(await rows(pool, RUNS_UNDER_WAY))


async def _let_minutes_pass(services: Services) -> None:
    """Plan as a worker's planner does each minute, so that no kill has to wait for a minute of the real clock."""
    assert services.queue is not None
    while True:
        await asyncio.sleep(_MINUTE_S)
        await resume_stalled(services.queue)
        await enqueue_due(services, datetime.now(UTC))


async def _assert_every_answer_is_true(stage: Stage) -> None:
    """Each fix was applied once at most, and each that an officer was told of is in the log."""
    applied: dict[int, list[int]] = dict(await rows(stage.services.pool, FIXES_OF_OFFICERS))
    assert {len(attempts) for attempts in applied.values()} == {1}
    assert len(stage.clients.answers) == stage.size.guilds * FIXES
    for answer in stage.clients.answers:
        assert answer["resolved"], answer
        if answer["outcome"] == "fixed":
            assert applied[answer["issue_id"]] == [answer["attempt_id"]]


@contextlib.asynccontextmanager
async def _going_on(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do this beside the block, and end it with the block; its fault is the block's."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in work]
        yield
        for task in tasks:
            task.cancel()


@contextlib.asynccontextmanager
async def _stage(server: embedded.EmbeddedServer, name: str, folder: Path, size: Size) -> AsyncIterator[Stage]:
    casts = [Cast(number, size) for number in range(1, size.guilds + 1)]
    crowd = CrowdSimulator([cast.world for cast in casts])
    url = embedded.clone_database(server, TEMPLATE, name)
    with running(crowd) as address, contextlib.ExitStack() as afterwards:
        afterwards.callback(embedded.drop_database, server, name)
        values = _settings(url, address)
        options: dict[str, Any] = {"_env_file": None, **values}
        async with open_services(Settings(**options)) as services, http_client(trust_env=False) as http:
            chapters = [await begin(services.pool, services.sources, cast) for cast in casts]
            async with services.pool.connection() as conn:
                token = await credentials.create_api_token(conn, "robot", created_by="test")
            machines = Machines(services.pool, {f"PATT_{key.upper()}": value for key, value in values.items()}, folder)
            with contextlib.closing(machines):
                clients = Clients(http, machines.base_url, token, services.pool)
                yield Stage(size, services, crowd, chapters, machines, clients)


def _settings(url: str, address: str) -> dict[str, str]:
    return {
        "database_url": url,
        "blizzard_client_id": GuildSimulator.client_id,
        "blizzard_client_secret": GuildSimulator.client_secret,
        "blizzard_token_url": address + TOKEN_PATH,
        "blizzard_api_url": address + BATTLENET_ROOT,
        "discord_bot_token": GuildSimulator.discord_token,
        "discord_api_url": address + DISCORD_ROOT,
        "log_level": "ERROR",
    }
