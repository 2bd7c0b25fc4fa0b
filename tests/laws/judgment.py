"""Holding the log of issues against the oracle."""

from __future__ import annotations

from typing import Any

from laws import guild_rows, note_meaning, oracle
from laws.life import Life
from sv_common.guild_sync.rules import RULES


async def look(life: Life) -> guild_rows.Guild:
    """All rows of the guild that a rule may speak about. What is marked as a bank or shared has no player, whatever happened."""
    guild = await guild_rows.Guild.read(life.pool, life.guild_id, life.now_ms)
    assert not guild.shared & {link["character_id"] for link in guild.links}
    return guild


def subject(row: dict[str, Any]) -> int:
    """The id of what an issue is about; that of a rank is negative, so that it is no player's."""
    return int(row["wow_character_id"] or row["discord_member_id"] or row["player_id"] or -row["details"]["rank_id"])


async def unresolved(life: Life) -> oracle.Findings:
    """What the log says is wrong, by rule, dismissed or not."""
    subjects: oracle.Findings = {issue_type: set() for issue_type in RULES}
    for row in await life.rows("audit_issues"):
        if row["resolved_at"] is None:
            subjects[row["issue_type"]].add(subject(row))
    return subjects


async def assert_log_is_right(life: Life, before: oracle.Findings) -> None:
    """Each rule's unresolved issues are what the oracle finds; those of a rule that cannot conclude are as before."""
    guild = await look(life)
    unclear = {c["id"] for c in guild.characters if note_meaning.runs_in_a_circle(guild, c)}
    logged = await unresolved(life)
    for issue_type, expected in (before | oracle.find(guild)).items():
        left_out = unclear if issue_type == "note_mismatch" else set()
        assert logged[issue_type] - left_out == expected - left_out, issue_type
