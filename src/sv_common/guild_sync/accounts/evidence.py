"""What is known of the accounts of a guild's characters, how each reading changes that, and where it is stored.

A first reading counts at once. One that says another account than before, or nothing any more, does so only when a second
reading says the same: no single wrong answer moves a character. The same holds for one of another kind, because nobody can say
whether it agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple, TypeVar

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.accounts.earned import Earned
from sv_common.guild_sync.accounts.grouping import Comparable, Grouping, group
from sv_common.guild_sync.accounts.hashes import from_bytes, to_bytes
from sv_common.guild_sync.accounts.kinds import Kept
from sv_common.guild_sync.accounts.sketch import Sketch
from sv_common.guild_sync.sources.models import CharacterAddress, CollectionAnswer, CollectionState

SQL = load_sql(__package__, "evidence.sql")

KEPT: Final = timedelta(days=28)
"""How long a reading is kept without another one. Battle.net allows 30 days, and a daily sweep may fail once."""

READ_AGAIN_AFTER: Final = timedelta(days=20)
"""Age at which a character is read again, and up to a quarter more, each character at a moment of its own."""

DOUBTED_AFTER: Final = timedelta(days=1)
"""The same where the last reading said another account than before: Battle.net's own faults last hours."""

REFUSED_AFTER: Final = timedelta(days=7)
FAILED_AFTER: Final = timedelta(hours=6)

Outcome = Literal["read", "refused", "failed"]
_C = TypeVar("_C", bound=Comparable)


class Reading(NamedTuple):
    kept: Kept
    read_at: datetime


class Answers(NamedTuple):
    """What Battle.net answered for a character: about its pets and, where those are refused, about its achievements.

    `achievements` is None where they were not requested.
    """

    pets: CollectionAnswer[Sketch]
    achievements: CollectionAnswer[Earned] | None = None

    @property
    def last(self) -> CollectionAnswer[Sketch] | CollectionAnswer[Earned] | None:
        """The one that counts; None where the hour had no request left for the achievements."""
        return self.achievements if self.pets.state is CollectionState.REFUSED else self.pets


class Evidence(NamedTuple):
    """What is known for one character. `doubted` is a reading that says another account than `reading`."""

    requested_at: datetime
    outcome: Outcome
    reading: Reading | None = None
    doubted: Reading | None = None
    account: int | None = None

    def expired(self, now: datetime) -> Evidence:
        """Return it without what is too old, or of the future, which counts as too old."""
        return self._only(lambda reading: now - KEPT < reading.read_at <= now)

    def without_pets(self) -> Evidence:
        """Return it without what was read of pets."""
        return self._only(lambda reading: not isinstance(reading.kept, Sketch))

    def _only(self, stays: Callable[[Reading], bool]) -> Evidence:
        reading, doubted = (each if each is not None and stays(each) else None for each in (self.reading, self.doubted))
        return self._replace(reading=reading, doubted=doubted, account=self.account if reading else None)


class DueCharacter(NamedTuple):
    """A character that is to be read; `id` is its row."""

    id: int
    address: CharacterAddress


class Groupings(NamedTuple):
    """What each kind of evidence says."""

    pets: Grouping = Grouping()
    achievements: Grouping = Grouping()

    @property
    def accounts(self) -> Sequence[Sequence[int]]:
        return (*self.pets.accounts, *self.achievements.accounts)


def renewed(before: Evidence | None, answers: Answers, began: datetime) -> Evidence:
    """Return what is known for a character after answers to requests that `began` then."""
    known = before or Evidence(began, "failed")
    if answers.pets.state is CollectionState.REFUSED:
        known = known.without_pets()
    answer = answers.last
    if answer is not None and answer.state is CollectionState.REFUSED:
        return Evidence(began, "refused")
    if answer is None or answer.reduced is None:
        return known._replace(requested_at=began, outcome="failed")
    known = known._replace(requested_at=began, outcome="read")
    reading = Reading(answer.reduced, began)
    told = [each for each in (known.reading, known.doubted) if each is not None]
    if known.reading is None or known.reading.kept.is_poor or any(_agree(each, reading) for each in told):
        return known._replace(reading=reading, doubted=None)
    return known._replace(doubted=reading)


def _agree(one: Reading, other: Reading) -> bool:
    """Whether two readings of one character say the same: one account, or both nothing."""
    ours, theirs = one.kept, other.kept
    if isinstance(ours, Sketch) and isinstance(theirs, Sketch):
        return _say_the_same(ours, theirs)
    return isinstance(ours, Earned) and isinstance(theirs, Earned) and _say_the_same(ours, theirs)


def _say_the_same(ours: _C, theirs: _C) -> bool:
    return (ours.is_poor and theirs.is_poor) or ours.agrees_with(theirs)


def grouped(known: Mapping[int, Evidence]) -> tuple[dict[int, Evidence], Groupings]:
    """Say of each character to which account it belongs now. Kinds of evidence are never compared with each other."""
    kept = {number: each.reading.kept for number, each in known.items() if each.reading is not None}
    groupings = Groupings(
        group({number: each for number, each in kept.items() if isinstance(each, Sketch)}),
        group({number: each for number, each in kept.items() if isinstance(each, Earned)}),
    )
    accounts = {character: members[0] for members in groupings.accounts for character in members}
    return {number: each._replace(account=accounts.get(number)) for number, each in known.items()}, groupings


async def read_all(guild: GuildConnection) -> dict[int, Evidence]:
    """Return what is known for each character in the guild, by its number."""
    return {number: _evidence(row) for number, *row in await guild.rows(SQL["all"])}


async def write(guild: GuildConnection, known: Mapping[int, Evidence]) -> None:
    """Write what is known for these characters; the caller holds the guild's lock.

    Those that have left by now, and those of which nothing may be kept, are left out.
    """
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
    """Return the characters that are to be read now, the most urgent first: as many as `most` requests are enough for.

    One whose pets were refused the last time needs two.
    """
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
    return Evidence(requested_at, outcome, _reading(readings[:5]), _reading(readings[5:]), account)


def _reading(columns: Sequence[Any]) -> Reading | None:
    oldest, by_hash, pets, achievements, read_at = columns
    if read_at is None:
        return None
    if achievements is not None:
        return Reading(Earned.from_bytes(bytes(achievements)), read_at)
    return Reading(Sketch(_half(oldest), _half(by_hash), pets), read_at)


def _half(stored: Any) -> frozenset[int]:
    return frozenset(from_bytes(bytes(stored)))


def _columns(prefix: str, readings: Sequence[Reading | None]) -> dict[str, list[Any]]:
    sketches = [each.kept if each is not None and isinstance(each.kept, Sketch) else None for each in readings]
    earned = [each.kept if each is not None and isinstance(each.kept, Earned) else None for each in readings]
    return {
        f"{prefix}oldest": [each and to_bytes(sorted(each.oldest)) for each in sketches],
        f"{prefix}by_hash": [each and to_bytes(sorted(each.by_hash)) for each in sketches],
        f"{prefix}pets": [each and each.pets for each in sketches],
        f"{prefix}achievements": [None if each is None else each.to_bytes() for each in earned],
        f"{prefix}read_at": [each and each.read_at for each in readings],
    }
