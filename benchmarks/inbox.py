"""The Inbox of a guild of a thousand characters: its landing page, a question, an answer and its undo, and the search.

The guild is that of `synthetic`, of which two people in five have no player, with notes that name a main, shorten its name,
misspell it or say nothing.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from benchmarks import stage
from benchmarks.measuring import Target, take
from benchmarks.synthetic import SyntheticGuild, synthetic_guild
from patt.web.context import SESSION_COOKIE
from patt.web.security import FORM_HEADER, form_token_of
from sv_common.db.pool import Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.db_sync import sync_addon_data, sync_blizzard_roster
from sv_common.guild_sync.discord_sync import sync_discord_members
from sv_common.guild_sync.integrity_checker import run_integrity_check

SQL = load_sql(__package__, "web.sql")
CHARACTERS, QUESTIONS = 1000, 429
LANDING, QUESTION, ANSWER, NEXT, UNDO = "landing page", "a question", "an answer", "the next question", "its undo"
COLD, PALETTE = "landing page, cold", "search palette"
PART = {"HX-Request": "true", "HX-Target": "question"}
_SHARE_WITHOUT_PLAYER = 0.42
_STATIC = re.compile(r'(?:href|src)="(/static/[^"#]+)')
_API = "/api/v1/admin/inbox"


@dataclass(frozen=True, slots=True)
class Questions:
    """A guild with open questions."""

    guild_id: int

    @property
    def query(self) -> str:
        return f"guild={self.guild_id}"


async def furnish(pool: Pool, *, characters: int = CHARACTERS, questions: int = QUESTIONS) -> Questions:
    """Make the guild by the doors of its sources, let the rules look, and dismiss all but so many issues."""
    twin = await stage.new_twin(pool, _people(characters), "the-inbox", "810000000000000003")
    guild_id = twin.guild_id
    await sync_blizzard_roster(pool, twin.roster, guild_id=guild_id)
    await stage.map_ranks(pool, twin)
    await sync_discord_members(pool, twin.server, guild_id=guild_id)
    await sync_addon_data(pool, twin.rows_now, guild_id=guild_id)
    await stage.link_people(pool, twin)
    await run_integrity_check(pool, guild_id=guild_id)
    async with pool.connection() as conn:
        await conn.execute(SQL["dismiss_all_but"], {"guild_id": guild_id, "questions": questions})
    await stage.tidy(pool)
    return Questions(guild_id)


def _people(characters: int) -> SyntheticGuild:
    people, rng = synthetic_guild(characters), random.Random(characters)  # noqa: S311 -- repeatable on purpose
    for person in people.people:
        person.is_known = rng.random() > _SHARE_WITHOUT_PLAYER
        for each in person.characters:
            each.note = _note(rng, each.note, person.main.name)
    return people


def _note(rng: random.Random, note: str, main: str) -> str:
    drawn = rng.random()
    if drawn < 0.4 or not note:
        return note
    return main[:5] if drawn < 0.6 else main.replace("a", "o", 1) if drawn < 0.8 else ""


@dataclass(frozen=True, slots=True)
class Officer:
    """Somebody who answers questions, one after the other."""

    client: httpx2.AsyncClient
    token: str
    questions: Questions

    @property
    def cookies(self) -> dict[str, str]:
        return {"Cookie": f"{SESSION_COOKIE}={self.token}"}

    async def load_cold(self, target: Target) -> None:
        """Load the landing page as a browser that has nothing yet: with its style, its scripts and its sprite."""
        started = time.perf_counter()
        page = await self.client.get(f"/admin/inbox?{self.questions.query}", headers=self.cookies)
        size = page.num_bytes_downloaded
        for address in sorted(set(_STATIC.findall(page.text))):
            part = await self.client.get(address)
            size += part.num_bytes_downloaded
            target.refuse(part.status_code)
        target.add(None, time.perf_counter() - started, size, page.status_code)

    async def answer_and_undo(self, targets: Mapping[str, Target], key: int) -> None:
        """Take the first answer to a question, follow to the next, and undo it, so that the guild is as before."""
        query = self.questions.query
        found = (await self.client.get(f"{_API}/{key}?{query}", headers=self.cookies)).json()
        offer = next((each for each in found["answers"] if each["number"]), None) or found["new_player"]
        body = {**offer["decision"], "plan_key": offer["plan_key"]}
        answered = await self._send(targets[ANSWER], f"{_API}/{key}/answer?{query}", body)
        await take(self.client, targets[NEXT], f"/admin/inbox/{key}/next?{query}", {**self.cookies, **PART})
        undo = answered["undo"]
        await self._send(targets[UNDO], f"{undo['post']}?{query}", undo["fields"])

    async def suggested(self) -> list[int]:
        """Return the questions to which somebody is suggested."""
        found = (await self.client.get(f"{_API}?{self.questions.query}", headers=self.cookies)).json()
        groups = {group["group"]: group["entries"] for group in found["groups"]}
        return [entry["key"] for entry in groups["suggested"] if len(entry["issue_ids"]) == 1]

    async def _send(self, target: Target, address: str, body: Mapping[str, Any]) -> dict[str, Any]:
        headers = {**self.cookies, FORM_HEADER: form_token_of(self.token)}
        started = time.perf_counter()
        answer = await self.client.post(address, json=body, headers=headers)
        target.add(None, time.perf_counter() - started, answer.num_bytes_downloaded, answer.status_code)
        answered: dict[str, Any] = answer.raise_for_status().json()
        return answered
