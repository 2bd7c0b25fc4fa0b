"""How a simulated guild begins: it is set up, every source is read once, and an officer runs the full match."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from patt.auth import credentials, permissions
from sv_common.db.pool import Connection, GuildConnection, Pool
from sv_common.guild_sync.accounts import switch
from sv_common.guild_sync.roster import guilds, ranks
from sv_common.guild_sync.rulebook.settings import save_settings
from sv_common.guild_sync.scheduler import run_addon_sync, run_blizzard_sync, run_discord_sync, run_full_match
from sv_common.guild_sync.simulators import GuildWorld, addon
from sv_common.guild_sync.sources.addon.export import read_addon_export
from sv_common.guild_sync.sources.ports import Sources

OFFICER = "officer Alice"

RANKS_WITH_RIGHTS = {0: "administrator", 1: "officer"}
"""Ranks that give more than a look, and what; an inserted rank never moves them."""


async def found(pool: Pool, sources: Sources, world: GuildWorld) -> int:
    """Set up a world's guild, read its sources, and match all of it; return its number."""
    async with pool.connection() as conn:
        guild_id = await guilds.add(
            conn,
            world.address,
            world.guild_name,
            discord_guild_id=world.discord_guild_id,
            audit_channel_id=world.audit_channel_id,
        )
    await run_blizzard_sync(pool, guild_id=guild_id, sources=sources)
    await read_notes(pool, sources, world, guild_id)
    async with pool.connection() as conn:
        await _map_ranks(conn, world, guild_id)
    await run_discord_sync(pool, guild_id=guild_id, sources=sources)
    await run_full_match(pool, guild_id=guild_id, sources=sources, actor=OFFICER)
    return guild_id


async def automate_roles(pool: Pool, guild_id: int) -> None:
    """Let the roles of members be changed automatically, wherever officers have confirmed who somebody is."""
    async with pool.writing(guild_id, alone=False) as guild:
        for rule in ("role_mismatch", "departed_with_roles"):
            await save_settings(guild, rule, actor=OFFICER, auto_mitigate=True)


ACCOUNT_MODES: Final[Sequence[switch.Mode]] = ("off", "automatic", "suggest", "suggest")
"""What guilds do with account evidence, by the remainder of their number."""


async def compare_accounts(pool: Pool, guild_id: int, mode: switch.Mode, *, gives_rights: bool) -> None:
    """Let a guild read the pets of its characters, and link automatically by accounts where its mode says so."""
    async with pool.writing(guild_id) as guild:
        await switch.put_mode(guild, mode, gives_rights=gives_rights, actor=OFFICER)
    if mode == "automatic":
        async with pool.writing(guild_id, alone=False) as guild:
            await save_settings(guild, "orphan_wow", actor=OFFICER, auto_mitigate=True)


async def read_notes(pool: Pool, sources: Sources, world: GuildWorld, guild_id: int) -> None:
    """Take in what the addon exports now."""
    export = read_addon_export(addon.render(world).encode())
    await run_addon_sync(
        pool, export.characters, guild_id=guild_id, sources=sources, origin=export.origin, exported_at=export.seen_at
    )


async def new_upload_key(pool: Pool, guild_id: int, uploader: str) -> str:
    """Return a key with which somebody's companion may upload."""
    async with pool.connection() as conn:
        return await credentials.create_upload_key(conn, uploader, guild_id=guild_id, created_by=OFFICER)


async def _map_ranks(conn: Connection, world: GuildWorld, guild_id: int) -> None:
    await ranks.ensure(GuildConnection(conn, guild_id), world.rank_roles)
    await ranks.seen_in_game(GuildConnection(conn, guild_id), dict(enumerate(world.rank_names)))
    await ranks.confirm_names(GuildConnection(conn, guild_id))
    for index, role in world.rank_roles.items():
        await ranks.map_to_role(GuildConnection(conn, guild_id), index, role.role_id, role.name, is_managed=True)
    await permissions.decide(GuildConnection(conn, guild_id), permissions.Change("rank", "1", "officer"), actor=OFFICER)
