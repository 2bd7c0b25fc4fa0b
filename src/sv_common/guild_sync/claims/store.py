"""The only writer of claims: what members have proven, what waits for their word, and who contests it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.sources.battlenet.account import AccountCharacter

SQL = load_sql(__package__, "store.sql")

READING_LIFETIME = timedelta(hours=1)
"""The longest time for which the characters of an account are kept before their member has confirmed them."""


@dataclass(frozen=True, slots=True)
class ClaimingMember:
    """A Discord member who claims characters: their row, and the guild."""

    id: int
    display_name: str
    region: str
    guild: str
    language: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The characters that a sign-in has read, and the hash of their account."""

    account_hash: bytes = field(repr=False)
    characters: tuple[AccountCharacter, ...]


@dataclass(frozen=True, slots=True)
class ClaimedCharacter:
    """A character that a member has claimed. `character_id` None: it is not in the guild.

    `is_proven`: its link is proven and the member's. Where it is not, an officer decides.
    """

    name: str
    realm_slug: str
    proven_at: datetime
    character_id: int | None
    character_class: str | None
    level: int | None
    rank: str | None
    player_id: int | None
    is_proven: bool
    is_main: bool


@dataclass(frozen=True, slots=True)
class CharacterFacts:
    id: int
    character_class: str | None
    level: int | None
    rank: str | None


async def member(guild: GuildConnection, discord_id: str) -> ClaimingMember | None:
    """Return the person on the Discord server with this id; None for one who is not there."""
    return await guild.one(ClaimingMember, SQL["member"], discord_id=discord_id)


async def keep_reading(guild: GuildConnection, member_id: int, reading: Reading) -> None:
    """Keep what a sign-in has read until its member confirms it; their earlier reading is forgotten."""
    await guild.run(
        SQL["keep_reading"],
        member_id=member_id,
        account_hash=reading.account_hash,
        characters=Jsonb([asdict(each) for each in reading.characters]),
        lifetime=READING_LIFETIME,
    )


async def reading(guild: GuildConnection, member_id: int) -> Reading | None:
    row = await guild.row(SQL["reading"], member_id=member_id, lifetime=READING_LIFETIME)
    return Reading(bytes(row[0]), tuple(AccountCharacter(**each) for each in row[1])) if row else None


async def forget_reading(guild: GuildConnection, member_id: int) -> None:
    await guild.run(SQL["forget_reading"], member_id=member_id)


async def here(guild: GuildConnection, characters: Sequence[AccountCharacter]) -> Mapping[int, AccountCharacter]:
    """Return which of an account's characters are in the guild, by the guild's number of each."""
    rows = await guild.rows(
        SQL["here"],
        realm_ids=[each.realm_id for each in characters],
        character_ids=[each.character_id for each in characters],
        realm_slugs=[each.realm_slug for each in characters],
        name_keys=[name_key(each.name) for each in characters],
    )
    return {number: characters[place - 1] for place, number in rows}


async def facts(guild: GuildConnection, character_ids: Sequence[int]) -> Mapping[int, CharacterFacts]:
    rows = await guild.all(CharacterFacts, SQL["facts"], character_ids=list(character_ids))
    return {each.id: each for each in rows}


async def holder(guild: GuildConnection, account_hash: bytes) -> tuple[int, int] | None:
    """Return the claim of an account and the member who made it; None where nobody has claimed it, or an officer overruled that."""
    row = await guild.row(SQL["holder"], account_hash=account_hash)
    return (row[0], row[1]) if row else None


async def claim(
    guild: GuildConnection,
    member_: ClaimingMember,
    read: Reading,
    characters: Sequence[tuple[AccountCharacter, int | None]],
) -> None:
    """Write down what a member has confirmed of a reading, each character with its number in the guild.

    The account is theirs already, or nobody's who counts.
    Of an earlier sign-in stays what is not on the account any more: that proof is older.
    """
    await guild.run(SQL["forget_overruled"], member_id=member_.id, account_hash=read.account_hash)
    claim_id = await guild.value(SQL["claim"], member_id=member_.id, account_hash=read.account_hash)
    await guild.run(
        SQL["forget_characters"],
        claim_id=claim_id,
        realm_ids=[each.realm_id for each in read.characters],
        numbers=[each.character_id for each in read.characters],
    )
    await guild.run(
        SQL["add_characters"],
        claim_id=claim_id,
        region=member_.region,
        realm_ids=[each.realm_id for each, _ in characters],
        numbers=[each.character_id for each, _ in characters],
        names=[each.name for each, _ in characters],
        realm_slugs=[each.realm_slug for each, _ in characters],
        character_ids=[number for _, number in characters],
    )


async def claimed(guild: GuildConnection, member_id: int) -> list[ClaimedCharacter]:
    return await guild.all(ClaimedCharacter, SQL["claimed"], member_id=member_id)


async def has_claimed(guild: GuildConnection, member_id: int) -> bool:
    return bool(await guild.rows(SQL["claims_of_member"], member_id=member_id))


async def proven_by(guild: GuildConnection, member_id: int) -> frozenset[int]:
    """Return the characters of the guild that a member's claims stand for."""
    return frozenset(number for (number,) in await guild.rows(SQL["proven_by"], member_id=member_id))


async def forget(guild: GuildConnection, member_id: int) -> None:
    """End all claims of a member, with their characters and whatever is contested about them."""
    await guild.run(SQL["forget_claims"], member_id=member_id)


async def contest(guild: GuildConnection, account_hash: bytes, member_id: int) -> None:
    """Write down that another member has signed in with a claimed account."""
    await guild.run(SQL["contest"], account_hash=account_hash, member_id=member_id)
