"""The guilds that this installation serves."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

import psycopg
from psycopg.rows import class_row
from pydantic import Field

from sv_common.db.pool import Connection, GuildConnection, Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import BadInput, NotFound, Refused
from sv_common.guild_sync.core.language import language, tr
from sv_common.guild_sync.sources.models import GuildAddress

SQL = load_sql(__package__, "guilds.sql")

_NAMED_AT_MOST = 20
"""Guilds that a sentence names where one is to be chosen."""


@dataclass(frozen=True, slots=True)
class Guild:
    """One guild and where its sources are."""

    id: int
    region: Annotated[str, Field(examples=["us"])]
    realm_slug: Annotated[str, Field(examples=["area-52"])]
    name_slug: Annotated[str, Field(examples=["lantern-watch"])]
    name: Annotated[str, Field(examples=["Lantern Watch"])]
    discord_guild_id: Annotated[str | None, Field(examples=["7000"])]
    audit_channel_id: Annotated[
        str | None, Field(description="Channel in which officers are told what is new.", examples=["8000"])
    ]

    language: Annotated[
        str, Field(description="Code of the language in which PATT says everything about it.", examples=["en"])
    ]

    @property
    def address(self) -> GuildAddress:
        return GuildAddress(self.region, self.realm_slug, self.name_slug)


async def take_in_if_newer(
    guild: GuildConnection, what: Literal["roster", "members"], fetched_at: datetime | None
) -> datetime | None:
    """Say that a list of a source is taken in; return as of when it is, or None where a newer one was taken in before.

    A list is as old as the beginning of its fetch, on the database's clock; without one, or with one from the future, as
    its receipt. The guild is locked.
    """
    taken_in: datetime | None = await guild.value(SQL[f"take_in_{what}"], fetched_at=fetched_at)
    return taken_in


async def all_guilds(conn: Connection) -> list[Guild]:
    """Return every guild, oldest first."""
    async with conn.cursor(row_factory=class_row(Guild)) as cursor:
        return await (await cursor.execute(SQL["all"])).fetchall()


async def near(conn: Connection, guild_id: int | None, *, beside: int) -> list[Guild]:
    """Return a guild with at most so many before and after it, by their numbers; the first ones for None.

    The guild itself is missing where it does not exist.
    """
    async with conn.cursor(row_factory=class_row(Guild)) as cursor:
        return await (await cursor.execute(SQL["near"], {"guild_id": guild_id or 0, "beside": beside})).fetchall()


async def of_servers(conn: Connection, servers: Collection[str]) -> list[int]:
    """Return the numbers of the guilds on some Discord servers."""
    rows = await (await conn.execute(SQL["of_servers"], {"servers": list(servers)})).fetchall()
    return [row[0] for row in rows]


async def names(conn: Connection, guild_ids: Collection[int]) -> dict[int, str]:
    """Return what these guilds are called."""
    return dict(await (await conn.execute(SQL["names"], {"guild_ids": list(guild_ids)})).fetchall())


async def get(guild: GuildConnection) -> Guild:
    """Return the guild. Raises `NotFound`."""
    return await guild.required(Guild, tr("Guild {number} does not exist.", number=guild.id), SQL["one"])


async def chosen(conn: Connection, guild_id: int | None) -> list[Guild]:
    """Return the guild asked for, or every guild for None. Raises `NotFound`."""
    return [await get(GuildConnection(conn, guild_id))] if guild_id is not None else await all_guilds(conn)


async def guild_ids(pool: Pool, guild_id: int | None) -> list[int]:
    """Return the number of the guild asked for as it is, or of every guild for None."""
    if guild_id is not None:
        return [guild_id]
    async with pool.installation() as conn:
        return [guild.id for guild in await all_guilds(conn)]


async def resolve_guild(pool: Pool, guild_id: int | None) -> int:
    """Return the number of the guild asked for as it is, or that of the only guild there is. Raises like `the_only`."""
    if guild_id is not None:
        return guild_id
    async with pool.installation() as conn:
        return (await the_only(conn, None)).id


async def the_only(conn: Connection, guild_id: int | None) -> Guild:
    """Return the guild asked for, or the only one there is. Raises `NotFound` or, with several guilds, `Refused`."""
    if guild_id is not None:
        return await get(GuildConnection(conn, guild_id))
    found = await near(conn, None, beside=_NAMED_AT_MOST)
    if not found:
        raise NotFound(tr("No guild is set up yet. Add one first."))
    if len(found) > 1:
        names = ", ".join(f"{guild.id} ({guild.name})" for guild in found[:_NAMED_AT_MOST])
        if len(found) > _NAMED_AT_MOST:
            raise Refused(tr("Several guilds are set up. Choose one: {names}, …", names=names))
        raise Refused(tr("Several guilds are set up. Choose one: {names}.", names=names))
    return found[0]


async def add(
    conn: Connection,
    address: GuildAddress,
    name: str,
    *,
    discord_guild_id: str | None = None,
    audit_channel_id: str | None = None,
) -> int:
    """Add a guild, or update the one with this address; return its id. A new one speaks the language of the task.

    Raises `BadInput` for what is no Discord id, and `Refused` for a Discord server that another guild has.
    """
    values = {
        "region": address.region,
        "realm_slug": address.realm_slug,
        "name_slug": address.name_slug,
        "name": name,
        "discord_guild_id": discord_guild_id,
        "audit_channel_id": audit_channel_id,
        "language": language(),
    }
    with _refusing_bad_ids(discord_guild_id):
        row = await (await conn.execute(SQL["add"], values)).fetchone()
    assert row is not None  # noqa: S101 -- "returning" always gives the row
    return int(row[0])


async def place_on_discord(
    conn: Connection, guild_id: int, *, discord_guild_id: str | None = None, audit_channel_id: str | None = None
) -> None:
    """Say where a guild is on Discord; None: as before. Raises like `add`."""
    values = {"guild_id": guild_id, "discord_guild_id": discord_guild_id, "audit_channel_id": audit_channel_id}
    with _refusing_bad_ids(discord_guild_id):
        await conn.execute(SQL["place_on_discord"], values)


async def put_language(guild: GuildConnection, code: str) -> None:
    """Say everything about the guild in another language from now on."""
    await guild.run(SQL["put_language"], language=code)


async def count_characters(guild: GuildConnection) -> None:
    """Keep how many characters the guild has; see `share_of`."""
    await guild.run(SQL["count_characters"])


async def share_of(conn: Connection, guild_id: int) -> float:
    """Return which part of the characters of all guilds are this guild's, as of the last rosters; 1 where none is known."""
    row = await (await conn.execute(SQL["share_of"], {"guild_id": guild_id})).fetchone()
    return float(row[0]) if row else 1.0


async def keep_canonical_address(conn: Connection, guild_id: int, address: GuildAddress) -> None:
    """Keep the address under which Battle.net itself knows the guild."""
    values = {"guild_id": guild_id, "realm_slug": address.realm_slug, "name_slug": address.name_slug}
    await conn.execute(SQL["move"], values)


@dataclass(frozen=True, slots=True)
class FormerAddress:
    """Where a guild was known before, until when, and who said that it is elsewhere."""

    region: Annotated[str, Field(examples=["us"])]
    realm_slug: Annotated[str, Field(examples=["area-52"])]
    name_slug: Annotated[str, Field(examples=["old-watch"])]
    name: Annotated[str, Field(examples=["Old Watch"])]
    left_at: datetime
    changed_by: str


async def move(guild: GuildConnection, address: GuildAddress, name: str, *, actor: str) -> None:
    """Give a guild another address and name, and keep the old ones. Raises `Refused` where another guild is there."""
    try:
        await guild.run(SQL["remember_address"], actor=actor)
        await guild.run(
            SQL["move_by_word"],
            region=address.region,
            realm_slug=address.realm_slug,
            name_slug=address.name_slug,
            name=name,
        )
    except psycopg.errors.UniqueViolation as error:
        raise Refused(
            tr(
                "Another guild here already has this address: {name}, {realm} ({region}). Nothing "
                "was changed. See: patt guild list",
                name=name,
                realm=address.realm_slug,
                region=address.region,
            )
        ) from error


async def former_addresses(guild: GuildConnection) -> list[FormerAddress]:
    """Return where a guild was known before, the latest first."""
    return [FormerAddress(*row) for row in await guild.rows(SQL["former_addresses"])]


async def roster_size(guild: GuildConnection) -> int:
    return int(await guild.value(SQL["roster_size"]) or 0)


@contextlib.contextmanager
def _refusing_bad_ids(discord_guild_id: str | None) -> Iterator[None]:
    """Put what the table refuses into sentences."""
    try:
        yield
    except psycopg.errors.CheckViolation as error:
        raise BadInput(
            tr(
                "The guild needs a region, a realm and a name. The ids of the Discord server and channel are numbers "
                "(Developer Mode on, right-click → Copy ID)."
            )
        ) from error
    except psycopg.errors.UniqueViolation as error:
        raise Refused(
            tr(
                "The Discord server {server} belongs to another guild here. See: patt guild list",
                server=discord_guild_id,
            )
        ) from error
