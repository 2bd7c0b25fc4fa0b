"""Members who do not want to be compared. That outlives being erased, as a hash that names nobody.

An objection is about the account: it covers the other characters that are known to be of it, also those of other players
and of none. Nothing shows that they belong together. A keyed hash in each of their rows lets the end of the objection
find them again. The database alone tells nobody which they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
        str,
        Field(
            examples=[
                "3 characters of this player and account are not compared any more, and what was read for them is erased."
            ]
        ),
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

    It holds for all characters of the player, now and later, and for the others of the same account, as far as they are known
    now; its end is the end for all. Nothing undoes that what was read is erased. Raises `NotFound`,
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
            sentence = await _withdraw(guild, secret, rows)
    return Objected(guild_id, character_id, objects, sentence)


async def _object(
    guild: GuildConnection, secret: InstallationSecret, rows: Sequence[tuple[Any, ...]], actor: str
) -> str:
    region = (await guilds.get(guild)).region
    own = _keys(secret, guild.id, region, (row[:3] for row in rows))
    if not own:
        raise Refused(tr("Battle.net’s number of this character is not known yet. Try again after the next sync."))
    beside = await guild.rows(SQL["of_accounts"], ids=[row[0] for row in rows])
    others = _keys(secret, guild.id, region, beside)
    first = min(own.values())
    parts = [_part_of(secret, guild.id, key, first) for key in others.values()]
    await guild.run(SQL["put"], keys=list(own.values()), ids=list(own), actor=actor)
    await guild.run(SQL["put_parts"], keys=list(others.values()), ids=list(others), parts=parts, actor=actor)
    covered = [row[0] for row in (*rows, *beside)]
    await guild.run(SQL["erase"], ids=covered)
    return tr_n(
        "{n} character is not compared any more, and what was read for it is erased.",
        "{n} characters of this player and account are not compared any more, and what was read for them is erased.",
        len(covered),
    )


async def _withdraw(guild: GuildConnection, secret: InstallationSecret, rows: Sequence[tuple[Any, ...]]) -> str:
    if not any(is_objecting for *_, is_objecting in rows):
        raise Refused(tr("The player of this character has not objected to account evidence."))
    ids = [row[0] for row in rows]
    said = [bytes(key) for (key,) in await guild.rows(SQL["said"], ids=ids)]
    parts = {
        bytes(key): is_known
        for key, part_of, is_known in await guild.rows(SQL["parts"])
        if any(_part_of(secret, guild.id, bytes(key), each) == bytes(part_of) for each in said)
    }
    await guild.run(SQL["withdraw"], ids=ids, keys=list(parts))
    count = len(rows) + sum(parts.values())
    return tr_n("{n} character may be compared again.", "{n} characters may be compared again.", count)


async def attach_again(pool: Pool, secret: InstallationSecret, *, guild_id: int) -> None:
    """Erase what was read for characters of which it shows only now that they are covered.

    Those of erased objections that are in the guild again, and those that were linked since to a player who objects.
    """
    async with pool.reading(guild_id) as guild:
        if not (await guild.rows(SQL["nameless"]) or await guild.rows(SQL["read_nevertheless"])):
            return
    async with pool.writing(guild_id) as guild:
        region = (await guilds.get(guild)).region
        nameless = {bytes(key) for (key,) in await guild.rows(SQL["nameless"])}
        here = _keys(secret, guild.id, region, await guild.rows(SQL["here"]))
        found = {number: key for number, key in here.items() if key in nameless}
        await guild.run(SQL["attach"], keys=list(found.values()), ids=list(found))
        late = [number for (number,) in await guild.rows(SQL["read_nevertheless"])]
        await guild.run(SQL["erase"], ids=late)


def _keys(
    secret: InstallationSecret, guild_id: int, region: str, characters: Iterable[Sequence[Any]]
) -> Mapping[int, bytes]:
    """Return what stands for each character whose number at Battle.net is known, by its row."""
    return {
        number: key_of(secret, guild_id, region, realm, character_id)
        for number, realm, character_id in characters
        if character_id is not None
    }


def _part_of(secret: InstallationSecret, guild_id: int, key: bytes, said: bytes) -> bytes:
    """Return what tells, with the secret, that a character is covered by an objection of another one."""
    return keyed_hash(secret, "account objection", guild_id, "part", key.hex(), said.hex())


async def characters(guild: GuildConnection) -> frozenset[int]:
    """Return the characters of which nothing is read or kept, because of an objection."""
    return frozenset(number for (number,) in await guild.rows(SQL["characters"]))


def key_of(secret: InstallationSecret, guild_id: int, region: str, realm_slug: str, character_id: int) -> bytes:
    """Return what stands for a character in an objection. It needs no salt of the guild: it outlives switching off."""
    return keyed_hash(secret, "account objection", guild_id, region, realm_slug, str(character_id))
