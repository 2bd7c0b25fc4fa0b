"""What it costs to know which links count by their account: as much as is found, also before PostgreSQL knows how large anything is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, LiteralString

import pytest

from guild_builder import GuildBuilder
from sv_common.db.pool import Pool
from sv_common.guild_sync.rulebook.discord.managed_roles import SQL

pytestmark = pytest.mark.own_database

_PLAYERS, _CHARACTERS_EACH = 200, 4
_OF_THE_LOOK_UP = ("account_evidence", "player_characters", "shared_accounts", "account_objections", "wow_characters")

_PEOPLE: LiteralString = """
    with member as (
        insert into guild_identity.discord_users (guild_id, discord_id, username, display_name)
        select %(guild)s, (10000 + n)::text, 'm' || n, 'm' || n from generate_series(1, %(players)s) n
        returning id
    )
    insert into guild_identity.players (guild_id, display_name, discord_user_id, created_by, discord_basis)
    select %(guild)s, 'p' || id, id, 'test', 'proven' from member
"""
_CHARACTERS: LiteralString = """
    with linked as (
        select p.id as player_id, n, p.id || 'c' || n as name
        from guild_identity.players p, generate_series(1, %(each)s) n
    ), character as (
        insert into guild_identity.wow_characters
            (guild_id, character_name, name_key, realm_slug, realm_key, level, rank_index, guild_rank_id)
        select %(guild)s, k.name, k.name, 'area-52', 'area52', 80, r.wow_rank_index, r.id
        from linked k join common.guild_ranks r on r.wow_rank_index = case k.n when 1 then 3 else 2 end
        returning id, character_name
    )
    insert into guild_identity.player_characters
        (guild_id, character_id, player_id, link_source, confidence, linked_by, basis)
    select %(guild)s, c.id, k.player_id, 'auto_fix', 'exact', 'test', case k.n when 1 then 'proven' else 'account' end
    from character c join linked k on k.name = c.character_name
"""
_READ: LiteralString = """
    insert into guild_identity.account_evidence
        (guild_id, character_id, requested_at, outcome, oldest, by_hash, pets, read_at, account)
    select guild_id, character_id, now(), 'read', sha256('a'), sha256('b'), 40, now(),
           min(character_id) over (partition by player_id)
    from guild_identity.player_characters
"""


@pytest.mark.parametrize("gives_rights", [False, True])
@pytest.mark.parametrize("has_statistics", [False, True])
async def test_wrong_roles_read_what_is_known_of_accounts_once_and_nothing_where_it_gives_no_right(
    pool: Pool, gives_rights: bool, has_statistics: bool
) -> None:
    guild = await GuildBuilder.create(pool)
    await guild.execute("alter table guild_identity.account_evidence set (autovacuum_enabled = false)")
    await guild.execute(_PEOPLE, {"players": _PLAYERS})
    await guild.execute(_CHARACTERS, {"each": _CHARACTERS_EACH})
    await guild.execute(
        "insert into guild_identity.account_settings (guild_id, mode, gives_rights, salt, updated_by) "
        "values (%(guild)s, 'suggest', %(rights)s, sha256('salt'), 'test')",
        {"rights": gives_rights},
    )
    await guild.execute(_READ)
    if has_statistics:
        await guild.execute("analyze")
    async with pool.reading(guild.guild_id) as here:
        explained = await here.value("explain (analyze, format json) " + SQL["wrong"], among=None, departed=False)
        found = await here.rows(SQL["wrong"], among=None, departed=False)
    assert len(found) == _PLAYERS
    read = sum(_read(explained[0]["Plan"], is_looked_up=False))
    assert (read > 0) is gives_rights
    assert read <= 10 * _CHARACTERS_EACH * _PLAYERS


def _read(node: dict[str, Any], *, is_looked_up: bool) -> Iterator[float]:
    """How many rows of each table were read to know which links count."""
    inside = is_looked_up or _is_the_look_up(node)
    if inside and node.get("Relation Name") in _OF_THE_LOOK_UP:
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Join Filter", 0)
        yield (node["Actual Rows"] + removed) * node["Actual Loops"]
    for part in node.get("Plans", ()):
        yield from _read(part, is_looked_up=inside)


def _is_the_look_up(node: dict[str, Any]) -> bool:
    return node.get("Parent Relationship") in ("InitPlan", "SubPlan") and "account_evidence" in str(node)
