"""An older source never changes what a newer one said, in whatever order lists of Discord and looks at members land."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from guild_builder import ROLE_NAMES, SOCIAL, GuildBuilder, entry, person, server
from laws.law import empty, tried_on
from sv_common.db.pool import Pool
from sv_common.guild_sync.db_sync import sync_blizzard_roster
from sv_common.guild_sync.discord_sync import sync_discord_members
from sv_common.guild_sync.roster import members, runs

USERS = ("1", "2", "3")
A_MINUTE = timedelta(minutes=1)
_roles = st.lists(st.sampled_from(sorted(ROLE_NAMES)), unique=True).map(lambda held: tuple(sorted(held)))
_lists = st.tuples(_roles, _roles, _roles)
_looks = st.tuples(st.sampled_from(USERS), _roles)


@dataclass(frozen=True)
class Telling:
    """What began at a moment: a list of all members, or a look at one; as the roles that it tells of whom."""

    moment: int
    told: dict[str, tuple[str, ...]]
    is_list: bool


@st.composite
def tellings(draw: st.DrawFn) -> list[Telling]:
    """Lists and looks of different moments, in the order in which they land."""
    lists = [(dict(zip(USERS, told, strict=True)), True) for told in draw(st.lists(_lists, min_size=1, max_size=4))]
    looks = [({user: roles}, False) for user, roles in draw(st.lists(_looks, max_size=4))]
    moments = draw(st.permutations(range(len(lists) + len(looks))))
    landed = [Telling(moment, told, is_list) for moment, (told, is_list) in zip(moments, [*lists, *looks], strict=True)]
    return list(draw(st.permutations(landed)))


@tried_on()
@given(tellings())
async def test_of_a_members_roles_the_telling_that_began_last_counts(pool: Pool, landed: Sequence[Telling]) -> None:
    await empty(pool)
    guild = await GuildBuilder.create(pool)
    first = dict.fromkeys(USERS, ("101",))
    async with pool.connection() as conn:
        began = await runs.now(conn) - A_MINUTE * (len(landed) + 1)
    await sync_discord_members(pool, server(guild, *(person(u, u, *r) for u, r in first.items())), fetched_at=began)
    rows = {user: row for row, user in await guild.rows("select id, discord_id from guild_identity.discord_users")}
    for each in landed:
        moment = began + A_MINUTE * (each.moment + 1)
        if each.is_list:
            people = [person(user, user, *roles) for user, roles in each.told.items()]
            await sync_discord_members(pool, server(guild, *people), guild_id=guild.guild_id, fetched_at=moment)
        else:
            async with pool.writing(guild.guild_id, alone=False) as here:
                seen = {rows[user]: roles for user, roles in each.told.items()}
                await members.set_roles(here, seen, looked_at=moment)
    wanted: dict[str, tuple[str, ...]] = dict(first)
    for each in sorted(landed, key=lambda telling: telling.moment):
        wanted |= each.told
    held = await guild.rows("select discord_id, all_guild_roles from guild_identity.discord_users")
    assert {user: tuple(roles) for user, roles in held} == wanted


@tried_on()
@given(st.permutations(range(4)), st.lists(st.integers(1, 9), min_size=4, max_size=4))
async def test_of_rosters_the_one_that_began_last_counts(
    pool: Pool, order: Sequence[int], ranks: Sequence[int]
) -> None:
    await empty(pool)
    guild = await GuildBuilder.create(pool)
    async with pool.connection() as conn:
        began = await runs.now(conn) - A_MINUTE * 5
    for place in order:
        roster = [entry("Elrek", rank=ranks[place]), entry(f"Only{chr(97 + place)}", rank=SOCIAL)]
        await sync_blizzard_roster(pool, roster, guild_id=guild.guild_id, fetched_at=began + A_MINUTE * place)
    present = await guild.rows(
        "select character_name, rank_index from guild_identity.wow_characters where removed_at is null order by 1"
    )
    assert present == [("Elrek", ranks[3]), ("Onlyd", SOCIAL)]
