"""What happens to some guilds while their processes are killed: uploads, and fixes that officers ask for.

Uploads and fixes speak of different people, so that the end does not depend on which of two comes first.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from concurrency.crowd import name
from simulation.founding import found, new_upload_key, read_notes
from sv_common.db.pool import Pool
from sv_common.guild_sync.scheduler import run_blizzard_sync, run_discord_sync
from sv_common.guild_sync.simulators import GuildWorld, addon
from sv_common.guild_sync.simulators.model import WorldCharacter, WorldPerson
from sv_common.guild_sync.sources.ports import Sources

FIXES = 10
"""Of each guild."""
HOSTS, WANDERERS, PROMOTED, LATE, QUIET, NEWCOMERS = 4, 8, 3, 3, 2, 2
RAIDER, SOCIAL = 3, 6
FORMS = ("{}", "alt of {}", "{}'s alt", "Twink von {}", "[MAIN:{}]", "{}'s bank")

_OPEN_ISSUES = """
    select i.id, i.issue_type, coalesce(c.character_name, d.display_name, p.display_name)
    from guild_identity.audit_issues i
    left join guild_identity.wow_characters c on c.id = i.wow_character_id
    left join guild_identity.discord_users d on d.id = i.discord_member_id
    left join guild_identity.players p on p.id = i.player_id
    where i.guild_id = %s and i.resolved_at is null
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How much happens: in how many guilds, how many uploads to each, and how many kills.

    `spoken_after` are the numbers of the uploads in which the quiet characters' notes name a main for the first time.
    """

    guilds: int
    uploads: int
    spoken_after: tuple[int, int]
    kills: int

    @property
    def requests(self) -> int:
        return self.guilds * (self.uploads + FIXES)


WHOLE = Size(guilds=5, uploads=40, spoken_after=(8, 20), kills=8)
SHORT = Size(guilds=2, uploads=5, spoken_after=(1, 3), kills=1)


@dataclass(frozen=True, slots=True)
class Wish:
    """An issue that an officer wants fixed; `after` is the number of the upload that must be taken in before."""

    issue_id: int
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Chapter:
    """What happens to one guild."""

    guild_id: int
    upload_key: str
    exports: Sequence[bytes]
    wishes: Sequence[Wish]


class Cast:
    """The people of one guild, the same ones whenever they are made anew for its number."""

    def __init__(self, number: int, size: Size) -> None:
        self.size = size
        self.world = GuildWorld.seeded(number, 1, now_ms=1_790_000_000_000)
        self.world.set_apart(number)
        self._names = iter(name("Cra", each) for each in range(100))
        self._random = random.Random(number)  # noqa: S311 -- repeatable on purpose, guards nothing
        self.hosts = [self._main() for _ in range(HOSTS)]
        self.promoted = [self._main() for _ in range(PROMOTED)]
        self.late: list[WorldCharacter] = []
        self.quiet: list[WorldCharacter] = []
        self.newcomers: list[WorldPerson] = []
        self.wanderers = [self._alt(self.hosts[0], f"alt of {self.hosts[0].name}") for _ in range(WANDERERS)]

    def get_into_trouble(self) -> None:
        """Let happen, after the guild was matched, what leaves issues for officers."""
        self.late = [self._alt(host, f"alt of {host.name}") for host in self.hosts[:LATE]]
        self.quiet = [self._alt(host, "") for host in self.hosts[:QUIET]]
        self.newcomers = [self._main() for _ in range(NEWCOMERS)]
        for person in self.promoted:
            assert person.member is not None
            self.world.set_discord_roles(person.member, [self.world.rank_roles[SOCIAL]])

    def exports(self) -> list[bytes]:
        """What the addon writes, time after time: some of the wanderers' notes name another main each time."""
        return [self._export(number) for number in range(self.size.uploads)]

    def _export(self, number: int) -> bytes:
        for wanderer in self._random.sample(self.wanderers, self._random.randint(1, 3)):
            self.world.set_note(wanderer, self._random.choice(FORMS).format(self._random.choice(self.hosts).name))
        for quiet, host, moment in zip(self.quiet, self.hosts, self.size.spoken_after, strict=False):
            if number >= moment:
                self.world.set_note(quiet, f"alt of {host.name}")
        return addon.render(self.world, exported_at_ms=self.world.now_ms + number * 60_000).encode()

    def _main(self) -> WorldPerson:
        character = self.world.join(next(self._names), rank=RAIDER)
        person = self.world.person_of(character)
        self.world.discord_join(character.name, person=person, roles=[self.world.rank_roles[RAIDER]])
        return person

    def _alt(self, person: WorldPerson, note: str) -> WorldCharacter:
        return self.world.join(next(self._names), note=note, rank=SOCIAL, person=person)


async def begin(pool: Pool, sources: Sources, cast: Cast) -> Chapter:
    """Set up a guild, let it get into trouble, and return what is to happen to it."""
    world = cast.world
    guild_id = await found(pool, sources, world)
    cast.get_into_trouble()
    await run_blizzard_sync(pool, guild_id=guild_id, sources=sources)
    await run_discord_sync(pool, guild_id=guild_id, sources=sources)
    await read_notes(pool, sources, world, guild_id)
    wishes = await _wishes(pool, guild_id, cast)
    return Chapter(guild_id, await new_upload_key(pool, guild_id, "Zork"), cast.exports(), wishes)


async def _wishes(pool: Pool, guild_id: int, cast: Cast) -> list[Wish]:
    async with pool.connection() as conn:
        rows = await (await conn.execute(_OPEN_ISSUES, [guild_id])).fetchall()
    spoken = zip(cast.quiet, cast.size.spoken_after, strict=True)
    numbers = {(issue_type, subject): issue_id for issue_id, issue_type, subject in rows}
    return [
        *(Wish(numbers["orphan_wow", each.name]) for each in cast.late),
        *(Wish(numbers["orphan_wow", each.name], after) for each, after in spoken),
        *(Wish(numbers["orphan_discord", each.name]) for each in cast.newcomers),
        *(Wish(numbers["role_mismatch", each.name]) for each in cast.promoted),
    ]
