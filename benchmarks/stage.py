"""Guilds of the same people in one database: the engine works on one of them, each other way on one of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.synthetic import LOWEST_MAPPED_RANK, RANK_NAMES, SyntheticGuild, role_id
from sv_common.db.pool import Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.sources.models import DiscordGuild, GuildAddress, RosterCharacter

SQL = load_sql(__package__, "stage.sql")
_STATE = ("characters", "members_now", "issues_now")
_HISTORY = ("moves_now", "attempts_now")


@dataclass(slots=True)
class Twin:
    """One of the guilds, with everything its sources say and the number of each character.

    Its notes are either changed or as they were at first.
    """

    guild_id: int
    people: SyntheticGuild
    roster: Sequence[RosterCharacter]
    server: DiscordGuild
    rows: dict[bool, list[dict[str, object]]]
    numbers: dict[tuple[str, str], int]
    is_changed: bool = False

    @property
    def rows_now(self) -> list[dict[str, object]]:
        return self.rows[self.is_changed]

    def change_notes(self) -> None:
        """Let the changing notes change, to or fro."""
        self.is_changed = not self.is_changed


async def new_twin(pool: Pool, people: SyntheticGuild, name: str, discord_guild_id: str) -> Twin:
    async with pool.connection() as conn:
        guild_id = await guilds.add(
            conn, GuildAddress("us", "maltorith", name), name, discord_guild_id=discord_guild_id
        )
    server = people.server(discord_guild_id)
    return Twin(
        guild_id,
        people,
        people.roster(),
        server,
        {changed: people.addon_rows(changed=changed) for changed in (False, True)},
        {},
    )


async def run(pool: Pool, twin: Twin, statement: str) -> None:
    async with pool.connection() as conn:
        await conn.execute(SQL[statement], {"guild_id": twin.guild_id})


async def map_ranks(pool: Pool, twin: Twin) -> None:
    """Let an officer name the ranks and map them to Discord roles."""
    values = {
        "guild_id": twin.guild_id,
        "indexes": list(range(len(RANK_NAMES))),
        "names": list(RANK_NAMES),
        "role_ids": [role_id(rank) if rank <= LOWEST_MAPPED_RANK else None for rank in range(len(RANK_NAMES))],
    }
    async with pool.connection() as conn:
        await conn.execute(SQL["map_ranks"], values)


async def learn_numbers(pool: Pool, twin: Twin) -> None:
    """Tell plain SQL which row each character is."""
    async with pool.connection() as conn:
        rows = await (await conn.execute(SQL["character_numbers"], {"guild_id": twin.guild_id})).fetchall()
    twin.numbers = {(realm, name): number for realm, name, number in rows}


async def link_people(pool: Pool, twin: Twin) -> None:
    """Make players of those who are known."""
    known = [
        (place, each, person)
        for place, person in enumerate(twin.people.people)
        if person.is_known
        for each in person.characters
    ]
    values = {
        "guild_id": twin.guild_id,
        "people": [place for place, _, _ in known],
        "realm_slugs": [each.address[0] for _, each, _ in known],
        "names": [each.name for _, each, _ in known],
        "discord_ids": [person.member.user_id if person.member else None for _, _, person in known],
        "mains": [each is person.main for _, each, person in known],
    }
    async with pool.connection() as conn:
        await conn.execute(SQL["link_people"], values)


async def tidy(pool: Pool) -> None:
    """Clear away dead rows and take statistics, as autovacuum does in its own time."""
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        await conn.execute("vacuum analyze")
        await conn.set_autocommit(False)


async def differences(pool: Pool, first: Twin, second: Twin, *, has_history: bool = True) -> int:
    """Count the rows in which two guilds differ: notes, links, members, issues; and, with a history, their moves and fixes."""
    compared = (*_STATE, *_HISTORY) if has_history else _STATE
    one, other = await _contents(pool, first, compared), await _contents(pool, second, compared)
    return ((one - other) + (other - one)).total()


async def _contents(pool: Pool, twin: Twin, compared: Sequence[str]) -> Counter[tuple[object, ...]]:
    rows: Counter[tuple[object, ...]] = Counter()
    async with pool.connection() as conn:
        for statement in compared:
            rows.update(await (await conn.execute(SQL[statement], {"guild_id": twin.guild_id})).fetchall())
    return rows
