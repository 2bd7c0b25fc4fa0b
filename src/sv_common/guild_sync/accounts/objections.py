"""Members who do not want to be compared. That outlives being erased, as a hash that names nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from sv_common.db.pool import GuildConnection, Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import ConfigurationError, NotFound, Refused
from sv_common.guild_sync.core.keyed_hash import InstallationSecret, keyed_hash
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.roster import guilds

SQL = load_sql(__package__, "objections.sql")


@dataclass(frozen=True, slots=True)
class Objected:
    """What an objection, or its end, has changed."""

    guild_id: int
    character_id: int
    objects: Annotated[bool, Field(description="Whether the player objects now.")]
    sentence: Annotated[
        str, Field(examples=["2 characters are compared no longer, and what was read for them is erased."])
    ]


async def set_objection(
    pool: Pool,
    secret: InstallationSecret | None,
    character_id: int,
    *,
    objects: bool,
    actor: str,
    guild_id: int,
) -> Objected:
    """Record that the player of a character objects to account evidence, or objects no longer.

    It holds for all characters of the player, now and later, and nothing undoes that what was read is erased. Raises `NotFound`,
    `Refused` where there is nothing to do, and `ConfigurationError` without the secret of the installation.
    """
    async with pool.writing(guild_id) as guild:
        rows = await guild.rows(SQL["of_person"], id=character_id)
        if not rows:
            raise NotFound(tr("There is no character with the number {number}.", number=character_id))
        if secret is None:
            raise ConfigurationError(
                tr(
                    "An objection needs a secret of this installation, and none is set. "
                    "Set PATT_INSTALLATION_SECRET to a random text of at least 32 characters, then try again."
                )
            )
        if objects:
            sentence = await _object(guild, secret, rows, actor)
        else:
            sentence = await _withdraw(guild, rows)
    return Objected(guild_id, character_id, objects, sentence)


async def _object(
    guild: GuildConnection, secret: InstallationSecret, rows: Sequence[tuple[Any, ...]], actor: str
) -> str:
    region = (await guilds.get(guild)).region
    keys = {
        number: key_of(secret, guild.id, region, realm, blizzard_id)
        for number, realm, blizzard_id, _ in rows
        if blizzard_id is not None
    }
    if not keys:
        raise Refused(tr("Battle.net’s number of this character is not known yet. Try again after the next sync."))
    await guild.run(SQL["put"], keys=list(keys.values()), ids=list(keys), actor=actor)
    await guild.run(SQL["erase"], ids=[row[0] for row in rows])
    return tr_n(
        "{n} character is compared no longer, and what was read for it is erased.",
        "{n} characters are compared no longer, and what was read for them is erased.",
        len(rows),
    )


async def _withdraw(guild: GuildConnection, rows: Sequence[tuple[Any, ...]]) -> str:
    if not any(is_objecting for *_, is_objecting in rows):
        raise Refused(tr("The player of this character has not objected to account evidence."))
    await guild.run(SQL["withdraw"], ids=[row[0] for row in rows])
    return tr_n("{n} character may be compared again.", "{n} characters may be compared again.", len(rows))


async def attach_again(pool: Pool, secret: InstallationSecret, *, guild_id: int) -> None:
    """Find the characters of erased objections that are in the guild again, and erase what was read for them since."""
    async with pool.reading(guild_id) as guild:
        if not await guild.rows(SQL["nameless"]):
            return
    async with pool.writing(guild_id) as guild:
        region = (await guilds.get(guild)).region
        nameless = {bytes(key) for (key,) in await guild.rows(SQL["nameless"])}
        known = {
            key_of(secret, guild.id, region, realm, blizzard_id): number
            for number, realm, blizzard_id in await guild.rows(SQL["here"])
        }
        found = {key: known[key] for key in nameless if key in known}
        await guild.run(SQL["attach"], keys=list(found), ids=list(found.values()))
        await guild.run(SQL["erase"], ids=list(found.values()))


async def characters(guild: GuildConnection) -> frozenset[int]:
    """Return the characters of players who object."""
    return frozenset(number for (number,) in await guild.rows(SQL["characters"]))


def key_of(secret: InstallationSecret, guild_id: int, region: str, realm_slug: str, character_id: int) -> bytes:
    """Return what stands for a character in an objection. It needs no salt of the guild: it outlives switching off."""
    return keyed_hash(secret, "account objection", guild_id, region, realm_slug, str(character_id))
