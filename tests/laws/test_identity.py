"""The schema itself refuses a second owner, whoever writes it and however many write at once."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from hypothesis import given

from laws import direct_rows
from laws.guilds import (
    BY_OFFICERS,
    BY_THEMSELVES,
    IN_THE_GAME,
    ON_DISCORD,
    CharacterSpec,
    Event,
    GuildSpec,
    MemberSpec,
    PlayerSpec,
    events,
    guild_specs,
)
from laws.happenings import live
from laws.law import empty, tried_on
from laws.life import Life
from sv_common.db.pool import Pool

_TWO_PLAYERS = GuildSpec(
    characters=(CharacterSpec("Mito", 0, 0, None, 1),),
    members=(MemberSpec("mito", None, None, frozenset(), is_bot=False),),
    players=(PlayerSpec("Mito", None), PlayerSpec("Zork", None)),
)
_LINK = (
    "insert into guild_identity.player_characters (character_id, player_id, guild_id, link_source, confidence, linked_by, basis) "
    "values (%s, %s, %s, 'manual', 'confirmed', 'rival', 'officer')"
)
_TAKE_AS_MAIN = "update guild_identity.players set main_character_id = %s where id = %s"
_TAKE_AS_OFFSPEC = "update guild_identity.players set offspec_character_id = %s where id = %s"
_BECOME = "update guild_identity.players set discord_user_id = %s where id = %s"


@tried_on()
@given(
    guild_specs(fewest_characters=3, fewest_members=2),
    events(*IN_THE_GAME, *ON_DISCORD, *BY_OFFICERS, *BY_THEMSELVES, most=8),
)
async def test_after_any_life_nobody_has_two_owners_and_every_pointer_follows_a_link(
    pool: Pool, spec: GuildSpec, life_of: list[Event]
) -> None:
    await empty(pool)
    life = await Life.begin(pool, spec)
    await life.scan()
    await live(life, life_of)
    links = await life.rows("player_characters")
    players = await life.rows("players")
    characters = [link["character_id"] for link in links]
    members = [player["discord_user_id"] for player in players if player["discord_user_id"] is not None]
    assert len(characters) == len(set(characters))
    assert len(members) == len(set(members))
    owned = {(link["player_id"], link["character_id"]) for link in links}
    for player in players:
        for pointer in (player["main_character_id"], player["offspec_character_id"]):
            assert pointer is None or (player["id"], pointer) in owned


async def test_of_two_that_link_one_character_at_once_only_one_succeeds(pool: Pool) -> None:
    life = await Life.begin(pool, _TWO_PLAYERS)
    character = (await life.rows("wow_characters"))[0]["id"]
    both = [_write(pool, _LINK, [character, player, life.guild_id]) for player in life.players]
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "UniqueViolation"]
    assert len(await life.rows("player_characters")) == 1


async def test_of_two_players_that_become_one_member_at_once_only_one_succeeds(pool: Pool) -> None:
    life = await Life.begin(pool, _TWO_PLAYERS)
    member = (await life.rows("discord_users"))[0]["id"]
    both = [_write(pool, _BECOME, [member, player]) for player in life.players]
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "UniqueViolation"]


async def test_no_row_can_tie_two_guilds_together(pool: Pool) -> None:
    one, other = await Life.begin(pool, _TWO_PLAYERS, slot=1), await Life.begin(pool, _TWO_PLAYERS, slot=2)
    character, member = (await one.rows("wow_characters"))[0]["id"], (await one.rows("discord_users"))[0]["id"]
    for guild_id in (one.guild_id, other.guild_id):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            await _write(pool, _LINK, [character, other.players[0], guild_id])
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        await _write(pool, _BECOME, [member, other.players[0]])


async def test_a_main_can_only_be_a_character_of_the_player(pool: Pool) -> None:
    life = await Life.begin(pool, _TWO_PLAYERS)
    character = (await life.rows("wow_characters"))[0]["id"]
    async with pool.connection() as conn:
        await direct_rows.link(conn, life.guild_id, character, life.players[0])
    for statement in (_TAKE_AS_MAIN, _TAKE_AS_OFFSPEC):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            await _write(pool, statement, [character, life.players[1]])


async def _write(pool: Pool, statement: str, values: list[object]) -> None:
    async with pool.connection() as conn:
        await conn.execute(statement.encode(), values)
