"""A guild of the simulation: its world, its row in the database, and the chance that governs its life."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from patt.auth import credentials
from patt.bootstrap import Services
from simulation.decisions import Decisions
from simulation.founding import found, new_upload_key
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.scheduler import run_blizzard_sync
from sv_common.guild_sync.simulators import GuildWorld
from sv_common.guild_sync.simulators.accounts import WorldAccount
from sv_common.guild_sync.simulators.crowd import CrowdSimulator, Neighbor
from sv_common.guild_sync.simulators.vocabulary import NAME_ENDS, NAME_STARTS

SQL = load_sql(__package__, "guilds.sql")

SMALLEST, LARGEST = 8, 20
BIG, EVERY_BIG = 120, 25
"""Of so many guilds, one is this big."""

GONE_BEFORE = 2
"""Characters of each guild that left it long before the simulation begins."""


@dataclass
class LivingGuild:
    """One guild.

    `decided` is what people have decided in it so far, and automation must leave it so; `departures` counts who has
    really left, by pipeline, and nobody else may be marked as gone. `exports` are all that were made, newest last, and
    `is_last_sent_newest` says whether the newest of them is what was sent last. `foreign_uploads` are of another guild. `accounts`
    are those of all characters that there ever were, by the characters' numbers in the game.
    """

    number: int
    guild_id: int
    upload_key_id: int
    neighbor: Neighbor
    rng: random.Random
    decided: Decisions = field(default_factory=Decisions)
    departures: Counter[str] = field(default_factory=Counter)
    exports: list[bytes] = field(default_factory=list)
    is_last_sent_newest: bool = False
    foreign_uploads: set[int] = field(default_factory=set)
    accounts: dict[int, WorldAccount] = field(default_factory=dict)

    @property
    def world(self) -> GuildWorld:
        return self.neighbor.world

    def remember_accounts(self) -> None:
        """Keep the account of each character, which gets another number when it moves to another realm."""
        for person in self.world.people:
            for character in person.characters:
                self.accounts[character.character_id] = self.world.account_of(character)

    def new_name(self) -> str:
        taken = {name_key(each.name) for person in self.world.people for each in person.characters}
        while True:
            name = self.rng.choice(NAME_STARTS) + self.rng.choice(NAME_ENDS)
            if name_key(name) not in taken:
                return name


def worlds(count: int, seed: int, now_ms: int, characters: int | None = None) -> list[GuildWorld]:
    """Make the worlds of so many guilds; each of so many characters, or by chance, some larger than others."""
    return [_world(number, seed, now_ms, characters) for number in range(1, count + 1)]


def _world(number: int, seed: int, now_ms: int, characters: int | None) -> GuildWorld:
    rng = random.Random(f"{seed} {number}")  # noqa: S311 -- repeatable on purpose, guards nothing
    size = characters or (BIG if number % EVERY_BIG == 0 else rng.randint(SMALLEST, LARGEST))
    world = GuildWorld.seeded(seed * 1000 + number, size, now_ms=now_ms)
    world.set_apart(number)
    return world


async def settle(services: Services, crowd: CrowdSimulator, seed: int) -> list[LivingGuild]:
    return [await _settle(services, number, each, seed) for number, each in enumerate(crowd.neighbors, start=1)]


async def _settle(services: Services, number: int, neighbor: Neighbor, seed: int) -> LivingGuild:
    world = neighbor.world
    gone = [world.join(f"Gone{letter}", rank=len(world.rank_names) - 1) for letter in "ab"[:GONE_BEFORE]]
    guild_id = await found(services.pool, services.sources, world)
    for character in gone:
        world.leave(character)
    await run_blizzard_sync(services.pool, guild_id=guild_id, sources=services.sources)
    rng = random.Random(f"{seed} guild {number}")  # noqa: S311 -- repeatable on purpose, guards nothing
    async with services.pool.connection() as conn:
        for character in gone:
            values = {"guild_id": guild_id, "key": name_key(character.name), "days": rng.uniform(20, 29.9)}
            await conn.execute(SQL["read_long_ago"], values)
    await new_upload_key(services.pool, guild_id, "Zork")
    async with services.pool.connection() as conn:
        (key,) = await credentials.upload_keys(conn, guild_id)
    guild = LivingGuild(number, guild_id, key.id, neighbor, rng, departures=Counter(battlenet_sync=len(gone)))
    guild.remember_accounts()
    return guild
