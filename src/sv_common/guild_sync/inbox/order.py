"""The list as it was before a command, so that the next question is the one that the officer saw next."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.insights.inbox.board import SQL, read_board
from sv_common.guild_sync.insights.inbox.entries import entries_of
from sv_common.guild_sync.insights.inbox.listing import entry_with
from sv_common.guild_sync.insights.inbox.model import Entry, Group


@dataclass(frozen=True, slots=True)
class Order:
    """The questions in their order, with the one that a command is about."""

    guild_id: int
    entries: Sequence[Entry]
    entry: Entry

    async def still_open(self, guild: GuildConnection) -> frozenset[int]:
        """Return which issues of the list are open now."""
        every = [number for entry in self.entries for number in entry.issue_ids]
        return frozenset(row[0] for row in await guild.rows(SQL["still_open"], issue_ids=every))

    def next(self, is_open: Collection[int]) -> int | None:
        """Return the question to open now: the same one while it is open, else the next one in the list, else the first."""
        if left := [number for number in self.entry.issue_ids if number in is_open]:
            return left[0]
        place = self.entries.index(self.entry)
        is_told = self.entry.group is Group.INFORMATION
        for entry in (*self.entries[place + 1 :], *self.entries[:place]):
            left = [number for number in entry.issue_ids if number in is_open]
            if left and (entry.group is Group.INFORMATION) is is_told:
                return left[0]
        return None

    def questions(self, is_open: Collection[int]) -> int:
        """Return how many questions are left."""
        return sum(
            entry.group is not Group.INFORMATION and any(number in is_open for number in entry.issue_ids)
            for entry in self.entries
        )


async def read_order(pool: Pool, guild_id: int, issue_ids: Sequence[int]) -> Order:
    """Return the list, and the first question in it that one of these issues belongs to.

    Raises `NotFound`, and `PlanStale` where none of them is open any more.
    """
    async with pool.reading(guild_id) as guild:
        entries = entries_of(await read_board(guild))
        entry = next((each for each in entries if not set(each.issue_ids).isdisjoint(issue_ids)), None)
        return Order(guild_id, entries, entry or await entry_with(guild, entries, issue_ids[0]))
