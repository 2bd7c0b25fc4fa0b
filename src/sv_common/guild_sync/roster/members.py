"""Discord's roles and members as this database knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.sources.models import DiscordMember, DiscordRole

SQL = load_sql(__package__, "members.sql")


@dataclass(frozen=True, slots=True)
class MemberAddress:
    """A member's row and where Discord knows them."""

    row_id: int
    discord_id: str
    discord_guild_id: str | None


async def known_roles(guild: GuildConnection) -> list[DiscordRole]:
    """Return the server's roles as the last sync saw them, the most powerful first."""
    return [DiscordRole(*row) for row in await guild.rows(SQL["known_roles"])]


async def present_people(guild: GuildConnection) -> set[str]:
    """Return the Discord ids of the people (not bots) who are on the server as far as is known."""
    return {row[0] for row in await guild.rows(SQL["present_people"])}


async def apply_roles(guild: GuildConnection, roles: Sequence[DiscordRole]) -> None:
    await guild.run(
        SQL["apply_roles"],
        role_ids=[role.role_id for role in roles],
        names=[role.name for role in roles],
        positions=[role.position for role in roles],
        integrations=[role.managed for role in roles],
        administrative=[role.is_administrative for role in roles],
    )
    await guild.run(SQL["rename_mapped_roles"])


@dataclass(frozen=True, slots=True)
class MemberMoves:
    """How many members are new, came back, and left; `left_ids` are the rows of the people (not bots) who left."""

    new: int
    returned: int
    left: int
    left_ids: Sequence[int]


async def apply_members(guild: GuildConnection, members: Sequence[DiscordMember], *, as_of: datetime) -> MemberMoves:
    """Make the known members those of the server; roles of a member that were seen after `as_of` stay."""
    row = await guild.row(
        SQL["apply_members"],
        as_of=as_of,
        discord_ids=[member.user_id for member in members],
        usernames=[member.username for member in members],
        global_names=[member.global_name for member in members],
        display_names=[member.display_name for member in members],
        bots=[member.is_bot for member in members],
        roles=[Jsonb(sorted(member.role_ids)) for member in members],
    )
    assert row is not None  # noqa: S101 -- a row of counts always comes
    return MemberMoves(*row)


async def addresses(guild: GuildConnection, member_ids: Sequence[int]) -> dict[int, MemberAddress]:
    return {row[0]: MemberAddress(*row) for row in await guild.rows(SQL["addresses"], member_ids=list(member_ids))}


async def set_roles(
    guild: GuildConnection, roles: Mapping[int, Sequence[str]], *, looked_at: datetime | None = None
) -> None:
    """Keep the roles that members were seen to hold from `looked_at` (None: now) on, unless they were seen later still."""
    if roles:
        await guild.run(
            SQL["set_roles"],
            looked_at=looked_at,
            member_ids=list(roles),
            roles=[Jsonb(list(held)) for held in roles.values()],
        )
