"""Who asks the web process for something: companions that send exports, and officers who want issues fixed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx2

from jobs.crash_story import Chapter, Wish
from patt.companion.server import Answer, send
from sv_common.db.pool import Pool

_PAUSE_S = 0.1
_API = "/api/v1/admin/data-quality"
_BUSY = (httpx2.codes.CONFLICT, "urn:patt:problem:busy")
"""The guild is being changed: by a pipeline, say, that finishes what a process which died had begun. Try again."""


async def until(holds: Callable[[], Awaitable[object]], pause_s: float = _PAUSE_S) -> None:
    """Ask the database again and again, for nothing tells when a process has done something."""
    while not await holds():  # noqa: ASYNC110 -- another process moves in the database
        await asyncio.sleep(pause_s)


@dataclass
class Progress:
    """How many requests were acknowledged so far."""

    acknowledged: int = 0
    _moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def acknowledge(self) -> None:
        async with self._moved:
            self.acknowledged += 1
            self._moved.notify_all()

    async def reach(self, count: int) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: self.acknowledged >= count)


@dataclass
class Clients:
    """Everybody who asks. `answers` holds what officers were told of their fixes."""

    http: httpx2.AsyncClient
    base_url: str
    token: str
    pool: Pool
    progress: Progress = field(default_factory=Progress)
    answers: list[dict[str, Any]] = field(default_factory=list)

    async def live(self, chapters: Sequence[Chapter]) -> None:
        """Send every export and ask for every fix; one guild's companion and its officer act at the same time."""
        async with asyncio.TaskGroup() as group:
            for chapter in chapters:
                group.create_task(self._send_exports(chapter))
                group.create_task(self._ask_for_fixes(chapter))

    async def _send_exports(self, chapter: Chapter) -> None:
        """Send one after the other, each until it is acknowledged, as the companion does."""
        for export in chapter.exports:
            await until(partial(self._is_sent, export, chapter))
            await self.progress.acknowledge()

    async def _is_sent(self, export: bytes, chapter: Chapter) -> bool:
        reply = await send(self.http, self.base_url, chapter.upload_key, export)
        assert reply.answer in (Answer.SENT, Answer.AWAY), reply
        return reply.answer is Answer.SENT

    async def _ask_for_fixes(self, chapter: Chapter) -> None:
        for wish in chapter.wishes:
            await until(partial(self._is_time_for, wish, chapter))
            self.answers.append(await self.fix(wish))
            await self.progress.acknowledge()

    async def fix(self, wish: Wish) -> dict[str, Any]:
        """Ask for a fix until there is an answer that it is done or cannot be, and return it."""
        return await self._ask(f"fix/{wish.issue_id}")

    async def undo(self, attempt_id: int) -> None:
        """Ask for an undo until there is an answer.

        The restarted process may finish it before the client asks again; then the answer says who undid it.
        """
        response = await self._answer(f"attempts/{attempt_id}/undo")
        was_finished = (
            response.json().get("detail", "").startswith(f"Attempt {attempt_id} was undone already, by token")
        )
        assert response.status_code == httpx2.codes.OK or was_finished, response.text

    async def _ask(self, path: str) -> dict[str, Any]:
        response = await self._answer(path)
        assert response.status_code == httpx2.codes.OK, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def _answer(self, path: str) -> httpx2.Response:
        """Ask until the answer is not “already in progress”."""
        headers = {"Authorization": f"Bearer {self.token}"}
        while True:
            try:
                response = await self.http.post(f"{self.base_url}{_API}/{path}", headers=headers)
            except httpx2.HTTPError:
                await asyncio.sleep(_PAUSE_S)
                continue
            if (response.status_code, response.json().get("type")) != _BUSY:
                return response
            await asyncio.sleep(_PAUSE_S)

    async def _is_time_for(self, wish: Wish, chapter: Chapter) -> bool:
        if wish.after is None:
            return True
        async with self.pool.connection() as conn:
            cursor = await conn.execute(
                "select state = 'done' from guild_identity.addon_uploads where guild_id = %s order by id offset %s limit 1",
                [chapter.guild_id, wish.after],
            )
            row = await cursor.fetchone()
        return row is not None and bool(row[0])
