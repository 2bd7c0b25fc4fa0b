"""Removing a guild from the installation with everything that is stored about it, after a backup where PATT keeps the database."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from patt import backups
from patt.bootstrap import Services
from sv_common.db.pool import Connection, GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import BadInput, PlanStale
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.roster.guilds import Guild

SQL = load_sql(__package__, "removal.sql")


@dataclass(frozen=True, slots=True)
class Removal:
    """What removing a guild deletes, or has deleted. `backup` holds it all, where there is one."""

    guild: Guild
    counts: Mapping[str, int]
    is_done: bool = False
    backup: Path | None = None

    @property
    def sentence(self) -> str:
        what = ", ".join(_in_words(self.counts)) or tr("nothing")
        if self.is_done:
            return tr("{guild} was removed, with {what}.", guild=self.guild.name, what=what)
        return tr(
            "Removes {guild} with everything that is stored about it: {what}; with its history, settings, keys and tokens. "
            "Only a backup brings it back.",
            guild=self.guild.name,
            what=what,
        )


def _in_words(counts: Mapping[str, int]) -> list[str]:
    told = [
        tr_n("{n} character", "{n} characters", counts["characters"]),
        tr_n("{n} player", "{n} players", counts["players"]),
        tr_n("{n} Discord member", "{n} Discord members", counts["members"]),
        tr_n("{n} issue", "{n} issues", counts["issues"]),
        tr_n("{n} fix or decision", "{n} fixes and decisions", counts["attempts"]),
    ]
    return [sentence for sentence, count in zip(told, counts.values(), strict=True) if count]


async def preview_removal(services: Services, *, guild_id: int | None) -> Removal:
    """Return what removing a guild deletes; nothing is changed. Raises `NotFound`, and `Refused` where it is not clear which."""
    async with services.pool.snapshot() as conn:
        return await _removal(conn, await guilds.the_only(conn, guild_id))


async def remove(services: Services, seen: Removal, *, typed: str) -> Removal:
    """Delete a guild with everything that is stored about it; before that, back up the database if it is the embedded one.

    Raises `BadInput` unless the guild's name was typed, `PlanStale` where the guild is not as it was `seen`, and
    `ConfigurationError` where no backup can be written; then nothing is changed.
    """
    if typed.strip() != seen.guild.name:
        raise BadInput(
            tr("That is not the guild's name. Type “{name}” to remove it. Nothing was changed.", name=seen.guild.name)
        )
    kept = None
    if services.is_embedded:
        kept = await asyncio.to_thread(backups.before, "removal", services.settings, str(services.pool.conninfo))
    values = {"guild_id": seen.guild.id}
    async with services.pool.installation() as conn:
        await conn.execute(SQL["lock"], values)
        if await _removal(conn, await guilds.get(GuildConnection(conn, seen.guild.id))) != seen:
            raise PlanStale(tr("This has changed since the preview. Nothing was changed. Preview it again."))
        for name in ("forget_jobs", "forget_turn", "delete"):
            await conn.execute(SQL[name], values)
    return replace(seen, is_done=True, backup=kept)


async def _removal(conn: Connection, guild: Guild) -> Removal:
    found = await GuildConnection(conn, guild.id).one(dict[str, Any], SQL["counts"])
    return Removal(guild, found or {})
