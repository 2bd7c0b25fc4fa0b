"""A guild with a long history, written by SQL: twenty-five thousand issues, of which twelve hundred are open."""

from __future__ import annotations

import psycopg

from guild_builder import GuildBuilder
from sv_common.guild_sync.rules import RULES

ISSUES = 25_000
OPEN = 1_200
_DISMISSED = 750

_CHARACTERS = """
    insert into guild_identity.wow_characters (guild_id, character_name, name_key, realm_slug, realm_key, rank_index)
    select %(guild)s, 'Old' || n, 'old' || n, 'area-52', 'area52', 3 from generate_series(1, 1000) as n
"""
_ISSUES = """
    insert into guild_identity.audit_issues (guild_id, issue_type, severity, summary, details, issue_hash,
        wow_character_id, created_at, opened_at, resolved_at, resolved_by, dismissed_at, dismissed_by, dismissed_reason)
    select %(guild)s, (%(rules)s::text[])[1 + n %% %(rule_count)s], case when n %% 7 = 0 then 'info' else 'warning' end,
           '''Çhar' || n || ''' has no player link',
           jsonb_build_object('character', 'Old' || n, 'note', repeat('some words of a note ', 8)),
           encode(sha256(n::text::bytea), 'hex'), c.id, at, at,
           case when n > %(open)s + %(dismissed)s then at + interval '5 days' end,
           case when n > %(open)s + %(dismissed)s then 'detection' end,
           case when n between %(open)s + 1 and %(open)s + %(dismissed)s then at end,
           case when n between %(open)s + 1 and %(open)s + %(dismissed)s then 'officer alice' end,
           case when n between %(open)s + 1 and %(open)s + %(dismissed)s then 'guests' end
    from (select n, now() - make_interval(mins => (n::bigint * 7919 %% 1000000)::integer) - interval '6 days' as at
          from generate_series(1, %(issues)s) as n) numbered
    join guild_identity.wow_characters c on c.guild_id = %(guild)s and c.name_key = 'old' || 1 + n %% 1000
"""
_EVENTS = """
    insert into guild_identity.issue_events (guild_id, issue_id, issue_type, event, open_change, actor, at)
    select guild_id, id, issue_type, event, change, 'detection', at
    from guild_identity.audit_issues
    cross join lateral (values ('opened', 1, opened_at), ('refreshed', 0, opened_at + interval '1 day'),
                               ('resolved', -1, resolved_at), ('dismissed', -1, dismissed_at)) as e (event, change, at)
    where at is not null and guild_id = %(guild)s
"""
_ATTEMPTS = """
    insert into guild_identity.fix_attempts (guild_id, issue_id, issue_type, actor, is_automatic, outcome, reason,
        duration_ms, started_at)
    select guild_id, id, issue_type, 'automation', id %% 2 = 0, case when id %% 9 = 0 then 'refused' else 'fixed' end, 'r', 5,
           resolved_at
    from guild_identity.audit_issues
    where guild_id = %(guild)s and resolved_at is not null
"""


async def write_long_history(guild: GuildBuilder, database_url: str) -> None:
    """Write it, and let PostgreSQL look at what there is, as it does by itself after a while."""
    values = {
        "rules": list(RULES),
        "rule_count": len(RULES),
        "issues": ISSUES,
        "open": OPEN,
        "dismissed": _DISMISSED,
    }
    for statement in (_CHARACTERS, _ISSUES, _EVENTS, _ATTEMPTS):
        await guild.execute(statement, values)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as conn:
        await conn.execute("vacuum analyze")
