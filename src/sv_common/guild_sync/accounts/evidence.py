"""What is known of the pets of a guild's characters, how each reading changes that, and where it is stored.

A first reading counts at once. One that says another account than before, or nothing any more, does so only when a second
reading says the same: no single wrong answer moves a character.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.accounts.grouping import Grouping, group
from sv_common.guild_sync.accounts.sketch import Sketch, from_bytes, is_one_account, to_bytes
from sv_common.guild_sync.sources.models import CharacterAddress, CollectionAnswer, CollectionState

SQL = load_sql(__package__, "evidence.sql")

KEPT: Final = timedelta(days=28)
"""How long a reading is kept without another one. Battle.net allows 30 days, and a daily sweep may fail once."""

READ_AGAIN_AFTER: Final = timedelta(days=20)
"""Age at which pets are read again, and up to a quarter more, each character at a moment of its own."""

DOUBTED_AFTER: Final = timedelta(days=1)
"""The same where the last reading said another account than before: Battle.net's own faults last hours."""

REFUSED_AFTER: Final = timedelta(days=7)
FAILED_AFTER: Final = timedelta(hours=6)

Outcome = Literal["read", "refused", "failed"]


class Reading(NamedTuple):
    sketch: Sketch
    read_at: datetime


class Evidence(NamedTuple):
    """What is known for one character. `doubted` is a reading that says another account than `reading`."""

    requested_at: datetime
    outcome: Outcome
    reading: Reading | None = None
    doubted: Reading | None = None
    account: int | None = None

    def expired(self, now: datetime) -> Evidence:
        """Return it without what is too old, or of the future, which counts as too old."""
        fresh = [
            each if each is not None and now - KEPT < each.read_at <= now else None
            for each in (self.reading, self.doubted)
        ]
        return self._replace(reading=fresh[0], doubted=fresh[1], account=self.account if fresh[0] else None)


class DueCharacter(NamedTuple):
    """A character whose pets are to be read; `id` is its row."""

    id: int
    address: CharacterAddress


def renewed(before: Evidence | None, answer: CollectionAnswer[Sketch], began: datetime) -> Evidence:
    """Return what is known for a character after an answer to a request that `began` then."""
    if answer.state is CollectionState.REFUSED:
        return Evidence(began, "refused")
    known = before or Evidence(began, "failed")
    if answer.reduced is None:
        return known._replace(requested_at=began, outcome="failed")
    known = known._replace(requested_at=began, outcome="read")
    reading = Reading(answer.reduced, began)
    told = [each for each in (known.reading, known.doubted) if each is not None]
    if known.reading is None or known.reading.sketch.is_poor or any(_agree(each, reading) for each in told):
        return known._replace(reading=reading, doubted=None)
    return known._replace(doubted=reading)


def _agree(one: Reading, other: Reading) -> bool:
    """Whether two readings of one character say the same: one account, or both nothing."""
    return (one.sketch.is_poor and other.sketch.is_poor) or is_one_account(one.sketch, other.sketch)


def grouped(known: Mapping[int, Evidence]) -> tuple[dict[int, Evidence], Grouping]:
    """Say of each character to which account it belongs now."""
    grouping = group({number: each.reading.sketch for number, each in known.items() if each.reading is not None})
    accounts = {character: members[0] for members in grouping.accounts for character in members}
    return {number: each._replace(account=accounts.get(number)) for number, each in known.items()}, grouping


async def read_all(guild: GuildConnection) -> dict[int, Evidence]:
    """Return what is known for each character in the guild, by its number."""
    return {number: _evidence(row) for number, *row in await guild.rows(SQL["all"])}


async def write(guild: GuildConnection, known: Mapping[int, Evidence]) -> None:
    """Write what is known for these characters; the caller holds the guild's lock. Those that have left by now are left out."""
    if not known:
        return
    readings = [each.reading for each in known.values()]
    doubted = [each.doubted for each in known.values()]
    await guild.run(
        SQL["write"],
        ids=list(known),
        requested=[each.requested_at for each in known.values()],
        outcomes=[each.outcome for each in known.values()],
        accounts=[each.account for each in known.values()],
        **_columns("", readings),
        **_columns("doubted_", doubted),
    )


async def due(guild: GuildConnection, *, most: int) -> list[DueCharacter]:
    """Return the characters whose pets are to be read now, the most urgent first."""
    rows = await guild.rows(
        SQL["due"],
        most=most,
        read=READ_AGAIN_AFTER,
        doubted=DOUBTED_AFTER,
        refused=REFUSED_AFTER,
        failed=FAILED_AFTER,
    )
    return [
        DueCharacter(number, CharacterAddress(realm_slug, name, character_id))
        for number, realm_slug, name, character_id in rows
    ]


async def forget(guild: GuildConnection, character_ids: Iterable[int]) -> None:
    """Erase what was read for characters that Battle.net shows no longer; they are tried again after some days."""
    await guild.run(SQL["forget"], ids=list(character_ids))


async def expire(guild: GuildConnection) -> int:
    """Erase what was not read again in time; return for how many characters."""
    return await guild.run(SQL["expire"], kept=KEPT)


def _evidence(row: Sequence[Any]) -> Evidence:
    requested_at, outcome, account, *readings = row
    return Evidence(requested_at, outcome, _reading(readings[:4]), _reading(readings[4:]), account)


def _reading(columns: Sequence[Any]) -> Reading | None:
    oldest, by_hash, pets, read_at = columns
    return None if read_at is None else Reading(Sketch(from_bytes(oldest), from_bytes(by_hash), pets), read_at)


def _columns(prefix: str, readings: Sequence[Reading | None]) -> dict[str, list[Any]]:
    return {
        f"{prefix}oldest": [each and to_bytes(each.sketch.oldest) for each in readings],
        f"{prefix}by_hash": [each and to_bytes(each.sketch.by_hash) for each in readings],
        f"{prefix}pets": [each and each.sketch.pets for each in readings],
        f"{prefix}read_at": [each and each.read_at for each in readings],
    }
