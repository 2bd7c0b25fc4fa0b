"""The rank table: what each rank of the game is called, how high it is, and which Discord role it maps to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import NotFound, Refused
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.roster import characters

SQL = load_sql(__package__, "ranks.sql")


@dataclass(frozen=True, slots=True)
class Rank:
    """One rank; 0 is the guild master.

    `name_in_game` differs from `name` while an officer has to confirm a change; None: the addon has not told it yet.
    `is_without_role`: an officer has decided that the rank maps to no Discord role. `name_as_of` is when the name in the
    game was seen.
    """

    wow_rank_index: int
    name: str
    name_in_game: str | None
    level: int
    discord_role_id: str | None
    discord_role_name: str | None
    is_role_managed: bool
    is_without_role: bool
    name_as_of: datetime | None = None

    @property
    def is_decided(self) -> bool:
        """Whether an officer has said which role the rank maps to, or that it maps to none."""
        return self.discord_role_id is not None or self.is_without_role

    def is_called(self, name: str) -> bool:
        """Whether it is known by this name of the game already, so that to see it again changes nothing."""
        return self.name_in_game == name and (self.is_decided or self.name == name)

    @property
    def is_in_doubt(self) -> bool:
        """Whether the game calls the rank otherwise than the rank table, so that no role is concluded from any rank."""
        return self.name_in_game not in (None, self.name)


async def ensure(guild: GuildConnection, indexes: Iterable[int]) -> None:
    await guild.run(SQL["ensure"], indexes=sorted(set(indexes)))


async def seen_in_game(guild: GuildConnection, names: Mapping[int, str], *, as_of: datetime | None = None) -> None:
    """Keep the rank names that the addon saw at a time, or sees now; a name that was seen later than that stays."""
    if names:
        await guild.run(SQL["seen_in_game"], indexes=list(names), names=list(names.values()), as_of=as_of)


async def all_ranks(guild: GuildConnection) -> list[Rank]:
    """Return the rank table, guild master first."""
    return await guild.all(Rank, SQL["all"])


async def examples(guild: GuildConnection, most: int = 3) -> dict[int, list[str]]:
    """Return a few characters of each rank that somebody holds, by the rank's index."""
    return {row[0]: row[1] for row in await guild.rows(SQL["examples"], most=most)}


async def unmapped(guild: GuildConnection) -> list[tuple[int, str, int]]:
    """Return ranks in use of which no one has said to which role they map: index, name, number of characters."""
    return [(row[0], row[1], row[2]) for row in await guild.rows(SQL["unmapped"])]


async def map_to_role(
    guild: GuildConnection, index: int, role_id: str, role_name: str | None, *, is_managed: bool
) -> None:
    """Say which Discord role a rank maps to. Raises `NotFound` for a rank that the guild does not have."""
    _refuse_unknown(
        index, await guild.run(SQL["map"], index=index, role_id=role_id, role_name=role_name, is_managed=is_managed)
    )


async def leave_without_role(guild: GuildConnection, index: int) -> None:
    """Say that a rank maps to no Discord role. Raises `NotFound` for a rank that the guild does not have."""
    _refuse_unknown(index, await guild.run(SQL["leave_without_role"], index=index))


async def put_roles(guild: GuildConnection, roles: Mapping[int, RankRole]) -> None:
    """Write names and roles of some ranks as they are given; a rank that the guild does not have is passed over."""
    await guild.run(
        SQL["put_roles"],
        indexes=list(roles),
        names=[role.name for role in roles.values()],
        role_ids=[role.role_id for role in roles.values()],
        role_names=[role.role_name for role in roles.values()],
        managed=[role.is_managed for role in roles.values()],
        without=[role.is_without_role for role in roles.values()],
    )


async def members_by_rank(guild: GuildConnection) -> dict[int, int]:
    """Return how many characters in the guild hold each rank now; a rank that no one holds is not among them."""
    return {row[0]: row[1] for row in await guild.rows(SQL["members"])}


async def moved(guild: GuildConnection) -> int:
    """Return how many characters are in ranks that moved as a whole, so that no role is concluded from any rank."""
    return int(await guild.value(SQL["moved"]) or 0)


async def confirm_names(guild: GuildConnection) -> int:
    """Take the rank names seen in the game as right, and roles along with their names; return how many names are new.

    With no new name, it is an officer's word that the rank table fits the ranks as Battle.net's roster has them. Raises
    `Refused` while the roster does not show the ranks that the names are of.
    """
    has_new_names = any(rank.name_in_game not in (None, rank.name) for rank in await all_ranks(guild))
    if has_new_names and await moved(guild):
        raise Refused(
            tr(
                "Battle.net does not show the new ranks yet; its roster is often hours behind. Sync Battle.net, then "
                "confirm. Until then, no roles are compared."
            )
        )
    confirmed = await guild.row(SQL["confirm"])
    await characters.settle_ranks(guild, is_confirmed=True)
    return int(confirmed[0]) if confirmed else 0


def _refuse_unknown(index: int, changed: int) -> None:
    if changed == 0:
        raise NotFound(tr("The guild has no rank {index}. Sync the roster first.", index=index))


@dataclass(frozen=True, slots=True)
class RankRole:
    """The Discord role of the rank with this name: a role, none on purpose (`is_without_role`), or not decided."""

    name: str
    role_id: str | None = None
    role_name: str | None = None
    is_managed: bool = False
    is_without_role: bool = False
