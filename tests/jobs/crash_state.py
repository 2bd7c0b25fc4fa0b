"""What is left at the end of a life with or without kills, told without the numbers and moments that may differ."""

from __future__ import annotations

from typing import Any

from sv_common.db.pool import Pool

Rows = list[tuple[Any, ...]]

_SAID_ALIKE = {
    "characters": """
        select guild_id, character_name, guild_note, officer_note, note_key, rank_index, removed_at is null
        from guild_identity.wow_characters""",
    "members": """
        select guild_id, discord_id, display_name, all_guild_roles, is_present from guild_identity.discord_users""",
    "players": """
        select p.guild_id, p.display_name, d.discord_id, m.character_name, o.character_name, p.created_by
        from guild_identity.players p
        left join guild_identity.discord_users d on d.id = p.discord_user_id
        left join guild_identity.wow_characters m on m.id = p.main_character_id
        left join guild_identity.wow_characters o on o.id = p.offspec_character_id""",
    "links": """
        select l.guild_id, c.character_name, p.display_name, l.link_source, l.confidence, l.linked_by
        from guild_identity.player_characters l
        join guild_identity.wow_characters c on c.id = l.character_id
        join guild_identity.players p on p.id = l.player_id""",
    "aliases": """
        select a.guild_id, a.alias, p.display_name
        from guild_identity.player_note_aliases a join guild_identity.players p on p.id = a.player_id""",
    "issues": """
        select i.guild_id, i.issue_type, coalesce(c.character_name, d.display_name, p.display_name),
               i.resolved_at is null, i.dismissed_at is null
        from guild_identity.audit_issues i
        left join guild_identity.wow_characters c on c.id = i.wow_character_id
        left join guild_identity.discord_users d on d.id = i.discord_member_id
        left join guild_identity.players p on p.id = i.player_id""",
    "openings": """
        select i.guild_id, i.issue_type, coalesce(c.character_name, d.display_name, p.display_name), e.event
        from guild_identity.issue_events e
        join guild_identity.audit_issues i on i.id = e.issue_id
        left join guild_identity.wow_characters c on c.id = i.wow_character_id
        left join guild_identity.discord_users d on d.id = i.discord_member_id
        left join guild_identity.players p on p.id = i.player_id
        where e.event in ('opened', 'recurred')""",
    "automatic fixes": """
        select a.guild_id, a.issue_type, c.character_name, a.outcome, a.reason
        from guild_identity.fix_attempts a
        join guild_identity.audit_issues i on i.id = a.issue_id
        join guild_identity.wow_characters c on c.id = i.wow_character_id
        where a.is_automatic""",
    "uploads": "select guild_id, content_hash, state from guild_identity.addon_uploads",
}
"""Each opening is told as often as it happened, and each automatic fix as often as it was applied."""

UNFINISHED = """
    select 'upload', count(*) from guild_identity.addon_uploads where state = 'received' having count(*) > 0
    union all
    select 'run', count(*) from guild_identity.sync_log where status = 'running' having count(*) > 0
    union all
    select 'job', count(*) from jobs.procrastinate_jobs where task_name <> 'plan' having count(*) > 0
"""
FIXES_OF_OFFICERS = """
    select issue_id, array_agg(id) from guild_identity.fix_attempts
    where not is_automatic and outcome = 'fixed' and issue_id is not null group by issue_id
"""
ROLE_ATTEMPTS = """
    select outcome, jsonb_array_length(changes) from guild_identity.fix_attempts where issue_type = 'role_mismatch' order by id
"""
UNDONE = "select id, undone_by from guild_identity.fix_attempts where undone_at is not null"
RUNS_UNDER_WAY = "select id from guild_identity.sync_log where status = 'running'"
INTERRUPTED_RUNS = """
    select id from guild_identity.sync_log
    where status = 'failed' and (error like 'The run was interrupted%%' or error like 'The run was cut off%%')
"""
"""Runs that a kill ended, whether the guild's next run noticed it or the planner before that."""


async def end_of(pool: Pool) -> dict[str, Rows]:
    """Return everything that has to be the same."""
    return {what: sorted(await rows(pool, question), key=repr) for what, question in _SAID_ALIKE.items()}


async def rows(pool: Pool, question: str) -> Rows:
    async with pool.connection() as conn:
        return await (await conn.execute(question.encode())).fetchall()
