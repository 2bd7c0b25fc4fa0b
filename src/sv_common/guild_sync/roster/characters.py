"""The guild's characters, written by the Battle.net sync (who is there) and the addon sync (their notes)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

from sv_common.db.kept_rows import KeptRows
from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.sources.models import CLASS_NAMES, RosterCharacter

SQL = load_sql(__package__, "characters.sql")


class PresentCharacter(NamedTuple):
    """A character in the guild now. Notes are None when never seen.

    `basis_note` is the note that its link rests on. Each of the times is that of what it is named after, as its row tells it; the
    last export may tell a later one.
    """

    id: int
    name: str
    name_key: str
    realm_slug: str
    realm_key: str
    realm_name: str | None
    realm_id: int | None
    character_id: int | None
    note: str | None
    officer_note: str | None
    player_id: int | None
    basis_note: str | None = None
    settled_rank: int | None = None
    note_as_of: datetime | None = None
    officer_note_as_of: datetime | None = None
    rank_as_of: datetime | None = None


class SeenNote(NamedTuple):
    """What the addon saw anew of one character; None was not seen, is as it was known, or is known from a newer export."""

    id: int
    note: str | None
    officer_note: str | None
    note_key: str | None
    rank: int | None


@dataclass(frozen=True, slots=True)
class RosterMoves:
    """Who came and went, by name; renames as (old, new). `left_ids` are the rows that were marked as gone."""

    joined: Sequence[str]
    returned: Sequence[str]
    left: Sequence[str]
    renamed: Sequence[tuple[str, str]]
    left_ids: Sequence[int]


_PRESENT = KeptRows(SQL["present_versions"], SQL["present"], partial(tuple.__new__, PresentCharacter))


async def present(guild: GuildConnection) -> list[PresentCharacter]:
    """Return every character in the guild now. The caller reads in a snapshot, or under the guild's lock."""
    return list((await _PRESENT.of(guild)).values())


async def count_same(guild: GuildConnection, roster: Sequence[RosterCharacter]) -> tuple[int, int]:
    """Return how many characters that are in the guild now are in a roster, and of how many others only the name is."""
    row = await guild.row(SQL["same_characters"], **_columns(roster))
    return (int(row[0]), int(row[1])) if row else (0, 0)


async def apply_roster(
    guild: GuildConnection, roster: Sequence[RosterCharacter], *, is_complete: bool, as_of: datetime
) -> RosterMoves:
    """Make the guild's characters those of a roster fetched from `as_of` on; without `is_complete`, none is marked as gone."""
    rows = await guild.rows(SQL["apply_roster"], is_complete=is_complete, as_of=as_of, **_columns(roster))
    moves: dict[str, list[tuple[str, str]]] = defaultdict(list)
    left_ids = []
    for move, name, new_name, row_id in rows:
        moves[move].append((name, new_name))
        if move == "left":
            left_ids.append(row_id)
    names = {move: sorted(name for name, _ in pairs) for move, pairs in moves.items()}
    return RosterMoves(
        names.get("joined", []),
        names.get("returned", []),
        names.get("left", []),
        sorted(moves.get("renamed", [])),
        sorted(left_ids),
    )


async def moment_of(guild: GuildConnection, exported_at: datetime | None) -> datetime:
    """Return the time that an export counts as: its own, or now where it has none or one that has not come yet."""
    moment: datetime = await guild.value(SQL["moment_of"], exported_at=exported_at)
    return moment


async def apply_notes(guild: GuildConnection, notes: Sequence[SeenNote], *, as_of: datetime) -> None:
    """Write what the addon saw at a time; that nothing newer is known is the caller's to make sure, under the guild's lock."""
    if not notes:
        return
    await guild.run(
        SQL["apply_notes"],
        as_of=as_of,
        ids=[note.id for note in notes],
        notes=[note.note for note in notes],
        officer_notes=[note.officer_note for note in notes],
        note_keys=[note.note_key for note in notes],
        ranks=[note.rank for note in notes],
    )


@dataclass(frozen=True, slots=True)
class SeenAgain:
    """What an export saw to be as it was known: facts of characters, by their numbers, and names of ranks, by their indexes."""

    notes: frozenset[int] = frozenset()
    officer_notes: frozenset[int] = frozenset()
    ranks: frozenset[int] = frozenset()
    rank_names: frozenset[int] = frozenset()

    @property
    def facts(self) -> tuple[frozenset[int], ...]:
        return self.notes, self.officer_notes, self.ranks, self.rank_names

    def __sub__(self, other: SeenAgain) -> SeenAgain:
        return SeenAgain(*(getattr(self, each) - getattr(other, each) for each in _FACTS))

    def __or__(self, other: SeenAgain) -> SeenAgain:
        return SeenAgain(*(getattr(self, each) | getattr(other, each) for each in _FACTS))


_FACTS = ("notes", "officer_notes", "ranks", "rank_names")


@dataclass(frozen=True, slots=True)
class LastExport:
    """What the newest export saw to be as it was known, and the time now; `as_of` None: there is none."""

    now: datetime
    as_of: datetime | None
    again: SeenAgain

    def later_of(self, told: datetime | None, number: int, seen: Set[int], *, than: datetime) -> datetime | None:
        """Return the time of a fact, if that is later than a moment: the one that its row tells, or that of this export.

        A time that lies in the future was written by a clock that was wrong, and counts as not known.
        """
        by_row = told if told is not None and than < told <= self.now else None
        if self.as_of is None or self.as_of <= than or number not in seen:
            return by_row
        return self.as_of if by_row is None else max(self.as_of, by_row)

    def notes_as_of(self, present: Sequence[PresentCharacter]) -> datetime | None:
        """Return of when the newest note is that is known of these characters; None: none was ever seen."""
        times = [known.note_as_of for known in present if known.note_as_of is not None and known.note_as_of <= self.now]
        if self.as_of is not None and any(known.id in self.again.notes for known in present):
            times.append(self.as_of)
        return max(times, default=None)


async def last_export(guild: GuildConnection) -> LastExport:
    row = await guild.row(SQL["last_export"])
    assert row is not None  # noqa: S101 -- a clock always tells
    now, as_of, *seen = row
    return LastExport(now, as_of, SeenAgain(*map(_numbers, seen)) if as_of is not None else SeenAgain())


async def keep_seen_again(
    guild: GuildConnection, last: LastExport, again: SeenAgain, written: SeenAgain, *, as_of: datetime
) -> dict[str, str] | None:
    """Keep the time of what an export saw to be as it was known. `written` is what it brought, whose time its rows tell.

    Return what the newest export saw again, as ranges, if it is of this time.

    The newest export is one row for the whole guild. What only the one before it saw, and what an older one saw, keeps its time
    in its own row.
    """
    if last.as_of is not None and last.as_of > as_of:
        await _keep_times(guild, again, as_of)
        return None
    if last.as_of == as_of:
        again = again | last.again
    elif last.as_of is not None:
        await _keep_times(guild, last.again - again - written, last.as_of)
    ranges = as_ranges(again)
    if (last.as_of, last.again) != (as_of, again):
        await guild.run(SQL["keep_last_export"], as_of=as_of, **ranges)
    return ranges


def as_ranges(again: SeenAgain) -> dict[str, str]:
    """Return what was seen to be as it was known as it is written in the database."""
    return {each: _ranges(getattr(again, each)) for each in _FACTS}


async def has_seen_the_same(guild: GuildConnection, again: Mapping[str, str], *, as_of: datetime) -> bool:
    """Keep a time as that of the newest export, if that saw just the same to be as it was known, and is of no later time.

    Return whether it is; where not, nothing is written.
    """
    return bool(await guild.value(SQL["has_seen_the_same"], as_of=as_of, **again))


async def is_nothing_later(guild: GuildConnection, as_of: datetime) -> bool:
    """Return whether nothing that the addon tells is known from later than a time, even one that is still to come."""
    return bool(await guild.value(SQL["is_nothing_later"], as_of=as_of))


async def _keep_times(guild: GuildConnection, facts: SeenAgain, as_of: datetime) -> None:
    if facts.notes or facts.officer_notes or facts.ranks:
        columns = {each: list(getattr(facts, each)) for each in _FACTS[:3]}
        await guild.run(SQL["keep_times"], as_of=as_of, **columns)
    if facts.rank_names:
        await guild.run(SQL["keep_rank_times"], as_of=as_of, indexes=list(facts.rank_names))


def _ranges(numbers: Iterable[int]) -> str:
    """Numbers as PostgreSQL writes ranges of them: those of a guild mostly follow each other."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number:
            found[-1][1] += 1
        else:
            found.append([number, number + 1])
    return "{" + ",".join(f"[{first},{after})" for first, after in found) + "}"


def _numbers(ranges: str) -> frozenset[int]:
    pairs = _RANGE.findall(ranges)
    return frozenset(number for first, after in pairs for number in range(int(first), int(after)))


_RANGE = re.compile(r"\[(\d+),(\d+)\)")


async def settle_ranks(guild: GuildConnection, *, is_confirmed: bool = False) -> None:
    """Let the rank table fit the ranks that characters have now, unless whole ranks moved and no one confirmed it."""
    await guild.run(SQL["settle_ranks"], is_confirmed=is_confirmed)


def _columns(roster: Sequence[RosterCharacter]) -> dict[str, list[object]]:
    return {
        "names": [each.name for each in roster],
        "name_keys": [name_key(each.name) for each in roster],
        "realm_slugs": [each.realm_slug for each in roster],
        "realm_keys": [realm_key(each.realm_slug) for each in roster],
        "realm_names": [each.realm_name for each in roster],
        "realm_ids": [each.realm_id for each in roster],
        "character_ids": [each.character_id for each in roster],
        "classes": [CLASS_NAMES.get(each.class_id) if each.class_id is not None else None for each in roster],
        "levels": [each.level for each in roster],
        "item_levels": [each.item_level for each in roster],
        "ranks": [each.rank for each in roster],
        "last_logins": [each.last_login_timestamp for each in roster],
    }
