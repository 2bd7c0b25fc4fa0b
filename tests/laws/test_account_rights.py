"""When a link by the account counts like a confirmed one: over generated guilds, and against an answer written a second time."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from laws.guilds import BY_ACCOUNTS, Event, GuildSpec, events, guild_specs
from laws.happenings import live, lived
from laws.law import tried_on
from laws.life import Life
from patt.auth import permissions
from simulation.account_rights import KEY, Rows, counts_by_account, is_stood_for
from sv_common.db.pool import Pool
from sv_common.guild_sync.rulebook.discord.managed_roles import doubts_in_words, wrong_roles

_guilds = guild_specs(fewest_characters=4, fewest_members=2)
_events = events(
    *BY_ACCOUNTS,
    "same_account",
    "same_account",
    "link_to_member",
    "link_manually",
    "unlink",
    "change_rank",
    "leave",
    most=9,
)
_TABLES = (*KEY, "wow_characters", "players", "discord_users")


async def _rows(life: Life) -> Rows:
    return {table: {row[KEY.get(table, "id")]: row for row in await life.rows(table)} for table in _TABLES}


async def _live(pool: Pool, spec: GuildSpec, life_of: list[Event]) -> Life:
    """A guild after this life, in which the first rank makes administrators and all others officers."""
    life = await lived(pool, spec, [])
    async with pool.connection() as conn:
        await conn.execute(
            "insert into common.access_grants (guild_id, kind, key, role, set_by) select %s, 'rank', rank::text, "
            "case rank when 0 then 'administrator' else 'officer' end, 'test' from generate_series(0, 9) as rank",
            [life.guild_id],
        )
    await live(life, life_of)
    return life


def _counts(rows: Rows, character: int) -> bool:
    return is_stood_for(rows["player_characters"][character]) or counts_by_account(rows, character)


@tried_on()
@given(_guilds, _events)
async def test_a_link_counts_by_its_account_exactly_where_a_second_answer_says_so(
    pool: Pool, spec: GuildSpec, life_of: list[Event]
) -> None:
    life = await _live(pool, spec, [])
    for event in life_of:
        await live(life, [event])
        rows = await _rows(life)
        counted = {row[0]: row[1] for row in await _view(life)}
        assert counted.keys() == {each for each in rows["player_characters"] if counts_by_account(rows, each)}
        assert all(is_stood_for(rows["player_characters"][anchor]) for anchor in counted.values())


async def _view(life: Life) -> list[tuple[Any, ...]]:
    async with life.pool.reading(life.guild_id) as guild:
        return await guild.rows(
            "select character_id, anchor_id from guild_identity.links_counted_by_account where guild_id = %(guild_id)s"
        )


@tried_on()
@given(_guilds, _events)
async def test_a_rank_gives_a_right_over_a_link_that_counts_and_administers_over_a_confirmed_one_alone(
    pool: Pool, spec: GuildSpec, life_of: list[Event]
) -> None:
    life = await _live(pool, spec, life_of)
    rows = await _rows(life)
    async with pool.writing(life.guild_id, alone=False) as guild:
        for member in rows["discord_users"].values():
            grants = await permissions.strong_grants(guild, member["discord_id"])
            for grant in (each for each in grants if each.kind == "rank"):
                character = grant.character_id or 0
                link = rows["player_characters"][character]
                assert is_stood_for(rows["players"][link["player_id"]], "discord_")
                assert is_stood_for(link) if grant.given == "administrator" else _counts(rows, character)
                assert (grant.by_account is None) is is_stood_for(link)


@tried_on()
@given(_guilds, _events)
async def test_a_wrong_role_is_in_doubt_exactly_where_a_link_of_the_way_does_not_count(
    pool: Pool, spec: GuildSpec, life_of: list[Event]
) -> None:
    life = await _live(pool, spec, life_of)
    rows = await _rows(life)
    names = {each["id"]: each["character_name"] for each in rows["wow_characters"].values()}
    async with pool.reading(life.guild_id) as guild:
        for details in await wrong_roles(guild, departed=False):
            theirs = [n for n, each in rows["player_characters"].items() if each["player_id"] == details["player_id"]]
            decides = [n for n in theirs if names[n] == details["character"]]
            ways = {
                _counts(rows, n) and is_stood_for(rows["players"][details["player_id"]], "discord_") for n in decides
            }
            assert (doubts_in_words(details) == "") in ways


@tried_on()
@given(_guilds, _events)
async def test_where_it_is_not_set_no_link_counts_by_its_account(
    pool: Pool, spec: GuildSpec, life_of: list[Event]
) -> None:
    life = await _live(pool, spec, life_of)
    async with pool.connection() as conn:
        await conn.execute("update guild_identity.account_settings set gives_rights = false")
        await conn.commit()
    assert await _view(life) == []
