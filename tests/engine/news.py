"""What the sources say of a small guild, through the doors of the syncs: renames, notes and names on Discord."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from guild_builder import SOCIAL, GuildBuilder, entry, person, server
from sv_common.guild_sync.db_sync import sync_addon_data, sync_blizzard_roster
from sv_common.guild_sync.discord_sync import sync_discord_members
from sv_common.guild_sync.sources.models import AddonCharacter

REALM_ID = 3676


def row(name: str, note: object = "", **changes: Any) -> dict[str, Any]:
    """One character as the addon writes it."""
    written = {"name": name, "realm": "Area52", "note": note, "officerNote": None, "rank": 3, "rankName": "Social"}
    return written | changes


async def roster(guild: GuildBuilder, names: Mapping[int, str], *, ranks: Mapping[int, int] | None = None) -> None:
    """Sync a roster: the name of each character by its number on Battle.net, all others left."""
    entries = [
        entry(name, realm_id=REALM_ID, character_id=number, rank=(ranks or {}).get(number, SOCIAL))
        for number, name in names.items()
    ]
    await sync_blizzard_roster(guild.pool, entries, accept_losses=True)


async def notes(guild: GuildBuilder, **said: str) -> None:
    """Sync an export with the notes of these characters."""
    rows = [AddonCharacter(name, "Area52", note, None, None, None, None, None) for name, note in said.items()]
    await sync_addon_data(guild.pool, rows)


async def on_discord(guild: GuildBuilder, names: Mapping[str, str], *, roles: Sequence[str] = ()) -> None:
    """Sync the Discord server: the name of each member by their number there."""
    members = [person(number, name, *roles) for number, name in names.items()]
    await sync_discord_members(guild.pool, server(guild, *members), accept_losses=True)


async def open_issues(guild: GuildBuilder, issue_type: str = "note_mismatch") -> list[str]:
    """Scan; return what is open of a rule, in a sentence each."""
    return [issue.summary for issue in await guild.open_issues(issue_type)]


async def number_of(guild: GuildBuilder, name: str) -> int:
    ((number,),) = await guild.rows(
        "select id from guild_identity.wow_characters where character_name = %(name)s and removed_at is null",
        {"name": name},
    )
    return int(number)


async def basis_note(guild: GuildBuilder, character: int) -> str | None:
    ((note,),) = await guild.rows(
        "select basis_note from guild_identity.player_characters where character_id = %(character)s",
        {"character": character},
    )
    return str(note) if note is not None else None
