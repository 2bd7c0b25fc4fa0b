"""The upload pipeline as such sites are usually written: one row after the other, about four statements a character.

A character is looked up, its note written, the people whom the note may mean looked up, and its issues. Then each member and
each player is looked at, and each fix is a handful of statements. Nothing is checked, worded or made to be undone.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from benchmarks import plain
from benchmarks.synthetic import RANK_NAMES
from sv_common.db.pool import Connection, Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.notes import MentionKind, ParsedNote, note_key, parse_note

SQL = load_sql(__package__, "row_by_row.sql")
_STALE_AFTER_MS = 30 * 86_400_000


async def pipeline(pool: Pool, guild_id: int, entries: Sequence[Mapping[str, object]]) -> None:
    """Do what `run_addon_sync` does."""
    run_id = await plain.start_log(pool, guild_id)
    async with pool.connection() as conn:
        await conn.execute(plain.SQL["lock"], {"guild_id": guild_id})
        work = _Work(conn, guild_id)
        for entry in entries:
            await work.take_in(entry)
        for index, name in enumerate(RANK_NAMES):
            ranks = {"guild_id": guild_id, "rank_indexes": [index], "rank_names": [name]}
            await conn.execute(plain.SQL["rank_names"], ranks)
        await work.look_at_members()
        await work.fix()
    await plain.finish_log(pool, run_id)


@dataclass(frozen=True, slots=True)
class _Work:
    conn: Connection
    guild_id: int

    async def take_in(self, entry: Mapping[str, object]) -> None:
        """Write what the addon saw of one character, and what is wrong with it."""
        address = {"name_key": name_key(str(entry["name"])), "realm_key": realm_key(str(entry["realm"]))}
        (row,) = await self._rows("character", **address)
        character_id, name, last_login, player_id, player, _ = row
        note = parse_note(str(entry["note"]))
        await self._run(
            "write_note",
            character_id=character_id,
            note=entry["note"],
            officer_note=entry["officerNote"],
            note_key=note_key(note),
        )
        found: dict[str, dict[str, Any]] = {}
        if player_id is None:
            found["orphan_wow"] = {"summary": f"{name} has no player"}
        elif keys := _keys(note):
            meant = await self._rows("players_called", keys=keys)
            if meant and player_id not in {each for each, _ in meant}:
                summary = f"{name} is linked to {player}, but its note says {meant[0][1]}"
                found["note_mismatch"] = {"summary": summary, "new_player_id": meant[0][0]}
        if last_login < time.time() * 1000 - _STALE_AFTER_MS:
            found["stale_character"] = {"summary": f"{name} was last seen long ago"}
        await self._keep(character_id, found)

    async def look_at_members(self) -> None:
        """Look whether each member has a player, and the role of the player's highest rank."""
        for member_id, _ in await self._rows("members"):
            for (player_id,) in await self._rows("player_of_member", member_id=member_id):
                await self._rows("right_role", player_id=player_id)

    async def fix(self) -> None:
        """Give each character to the player whom its note names."""
        for issue_id, character_id, player_id, old_player_id in await self._rows("wrong_links"):
            await self._run("unlink", character_id=character_id)
            await self._run("link", character_id=character_id, player_id=player_id)
            await self._resolve(issue_id, "note_mismatch", "automation")
            changes = Jsonb([{"character_id": character_id, "before": old_player_id, "after": player_id}])
            await self._run("attempt", issue_id=issue_id, changes=changes)

    async def _keep(self, character_id: int, found: Mapping[str, Mapping[str, Any]]) -> None:
        known = {kind: number for number, kind in await self._rows("issues_of_character", character_id=character_id)}
        for kind in found.keys() - known.keys():
            identity = hashlib.sha256(f"{kind}:character:{character_id}".encode()).hexdigest()
            ((issue_id,),) = await self._rows(
                "open_issue",
                issue_type=kind,
                severity="info" if kind == "stale_character" else "warning",
                summary=found[kind]["summary"],
                details=Jsonb(found[kind]),
                issue_hash=identity,
                character_id=character_id,
            )
            await self._run("event", issue_id=issue_id, issue_type=kind, event="opened", change=1, by="detection")
        for kind in known.keys() - found.keys():
            await self._resolve(known[kind], kind, "detection")

    async def _resolve(self, issue_id: int, kind: str, by: str) -> None:
        await self._run("resolve_issue", issue_id=issue_id, by=by)
        await self._run("event", issue_id=issue_id, issue_type=kind, event="resolved", change=-1, by=by)

    async def _rows(self, statement: str, **values: object) -> list[Any]:
        return await (await self.conn.execute(SQL[statement], {"guild_id": self.guild_id, **values})).fetchall()

    async def _run(self, statement: str, **values: object) -> None:
        await self.conn.execute(SQL[statement], {"guild_id": self.guild_id, **values})


def _keys(note: ParsedNote) -> list[str]:
    """Every key under which a note may mean somebody."""
    mentions = [mention for mention in note.mentions if mention.kind is not MentionKind.WORD]
    return [reading.key for mention in mentions for reading in mention.readings]
