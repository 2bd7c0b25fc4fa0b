"""What changes a link, and what an unconfirmed link may give: over generated guilds and what happens in them."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from laws.guilds import BY_OFFICERS, IN_THE_GAME, ON_DISCORD, Event, GuildSpec, events, guild_specs
from laws.happenings import live
from laws.law import empty, tried_on
from laws.life import Life
from patt.auth import permissions
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.basis import is_confirmed
from sv_common.guild_sync.core.names import name_key

_guilds = guild_specs(fewest_characters=3, fewest_members=1)
_news = events(*IN_THE_GAME, *ON_DISCORD, most=4)
_decisions = events(*BY_OFFICERS, most=3)
RANKS_OF_OFFICERS = (1, 2)
ROLE_OF_OFFICERS = "101"


async def _begin(pool: Pool, spec: GuildSpec, life_of: list[Event]) -> Life:
    await empty(pool)
    life = await Life.begin(pool, spec)
    await life.make_everything_automatic()
    await life.scan()
    await live(life, life_of)
    life.through_pipelines = True
    return life


async def _links(life: Life) -> dict[int, dict[str, Any]]:
    return {row["character_id"]: row for row in await life.rows("player_characters")}


@tried_on()
@given(_guilds, _decisions, _news)
async def test_automation_changes_no_link_whose_note_has_not_changed(
    pool: Pool, spec: GuildSpec, decisions: list[Event], news: list[Event]
) -> None:
    life = await _begin(pool, spec, decisions)
    for event in news:
        before = await _links(life)
        await live(life, [event])
        await life.automate()
        after = await _links(life)
        notes = {row["id"]: row["guild_note"] for row in await life.rows("wow_characters")}
        for character, link in before.items():
            if after.get(character, {}).get("player_id") != link["player_id"]:
                assert link["basis_note"] is not None
                assert name_key(notes[character] or "") != name_key(link["basis_note"])


@tried_on()
@given(_guilds, _decisions, _news)
async def test_nothing_done_to_many_gives_a_right_by_an_unconfirmed_link_or_changes_a_persons_link(
    pool: Pool, spec: GuildSpec, decisions: list[Event], news: list[Event]
) -> None:
    life = await _begin(pool, spec, decisions)
    async with pool.connection() as conn:
        for rank in RANKS_OF_OFFICERS:
            await conn.execute(
                "insert into common.access_grants (guild_id, kind, key, role, set_by) "
                "values (%s, 'rank', %s, 'officer', 'test')",
                [life.guild_id, str(rank)],
            )
        await conn.execute(
            "insert into common.access_grants (guild_id, kind, key, role, set_by) "
            "values (%s, 'discord_role', %s, 'officer', 'test')",
            [life.guild_id, ROLE_OF_OFFICERS],
        )
    before = await _confirmed_ways(life)
    done = {row["id"] for row in await life.rows("fix_attempts")}
    await live(life, news)
    await life.sync_all()
    by_persons = await _by_persons(life)
    await life.do_everything_at_once()
    await _assert_still_theirs(life, by_persons)
    assert await _confirmed_ways(life) <= before
    numbers = {row["discord_id"]: row["id"] for row in await life.rows("discord_users")}
    ranks = {row["id"]: row["rank_index"] for row in await life.rows("wow_characters")}
    mighty = {member for character, _, member in before if ranks[character] in RANKS_OF_OFFICERS}
    async with pool.writing(life.guild_id, alone=False) as guild:
        grants = [grant for number in numbers for grant in await permissions.strong_grants(guild, number)]
    assert {numbers[grant.discord_id] for grant in grants if grant.kind == "rank"} <= mighty
    new = [row for row in await life.rows("fix_attempts") if row["id"] not in done]
    given = [
        change for row in new for change in row["changes"] if change["table"] == "role" and change["after"]["held"]
    ]
    confirmed = {member for _, _, member in before}
    assert {change["id"] for change in given if change["after"]["role_id"] == ROLE_OF_OFFICERS} <= confirmed


async def _assert_still_theirs(life: Life, before: dict[str, dict[int, int]]) -> None:
    links, players = await _links(life), {row["id"]: row for row in await life.rows("players")}
    for character, owner in before["links"].items():
        assert links[character]["player_id"] == owner
    for player, member in before["members"].items():
        assert players[player]["discord_user_id"] == member
    for row in await life.rows("link_rejections"):
        if row["character_id"] is None:
            assert players[row["player_id"]]["discord_user_id"] != row["discord_user_id"]
        elif row["is_unlinking"] and before["all"].get(row["character_id"]) != row["player_id"]:
            assert links.get(row["character_id"], {}).get("player_id") != row["player_id"]


async def _by_persons(life: Life) -> dict[str, dict[int, int]]:
    """The links that a person made or confirmed, and the members whom a person named."""
    links = (await _links(life)).values()
    players = await life.rows("players")
    return {
        "all": {row["character_id"]: row["player_id"] for row in links},
        "links": {
            row["character_id"]: row["player_id"] for row in links if is_confirmed(row["basis"], row["confirmed_by"])
        },
        "members": {row["id"]: row["discord_user_id"] for row in players if row["discord_confirmed_by"]},
    }


async def _confirmed_ways(life: Life) -> set[tuple[int, int, int]]:
    """Character, player and Discord member, where a person confirmed both links."""
    players = {row["id"]: row for row in await life.rows("players") if row["discord_confirmed_by"]}
    return {
        (character, link["player_id"], players[link["player_id"]]["discord_user_id"])
        for character, link in (await _links(life)).items()
        if link["confirmed_by"] and link["player_id"] in players
    }
