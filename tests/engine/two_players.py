"""Two players who are one person, and what officers decide about them."""

from __future__ import annotations

from dataclasses import dataclass

from guild_builder import GuildBuilder
from laws import snapshot
from laws.snapshot import Snapshot
from sv_common.guild_sync.identity.decisions import ManualDecision
from sv_common.guild_sync.identity_engine import DecisionReport, apply_decision
from sv_common.guild_sync.mitigations import undo


@dataclass(frozen=True)
class Two:
    """Mito, and Zed, who was made of a note and is Mito too. `numbers` are rows by name."""

    guild: GuildBuilder
    mito: int
    zed: int
    numbers: dict[str, int]


async def decide(guild: GuildBuilder, decision: ManualDecision, actor: str = "officer alice") -> DecisionReport:
    """Let an officer decide something by hand."""
    return await apply_decision(guild.pool, decision, actor=actor, guild_id=guild.guild_id)


async def take_back(guild: GuildBuilder, report: DecisionReport) -> None:
    """Undo what was decided, as another officer."""
    assert report.attempt_id is not None
    await undo(guild.pool, report.attempt_id, actor="officer bob")


async def people(guild: GuildBuilder) -> Snapshot:
    """All rows that say who is who."""
    return await snapshot.take(guild.pool, tables=snapshot.PEOPLE_TABLES)


async def player_row(guild: GuildBuilder, number: int) -> tuple[str, int | None, int | None, int | None] | None:
    """Name, Discord member, main and off-spec of a player, if there is such a player."""
    rows = await guild.rows(
        "select display_name, discord_user_id, main_character_id, offspec_character_id "
        "from guild_identity.players where id = %(number)s",
        {"number": number},
    )
    return (rows[0][0], rows[0][1], rows[0][2], rows[0][3]) if rows else None
