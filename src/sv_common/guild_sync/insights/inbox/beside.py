"""The list and the question beside it, read together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.insights.inbox.board import read_board
from sv_common.guild_sync.insights.inbox.entries import entries_of
from sv_common.guild_sync.insights.inbox.listing import inbox_of
from sv_common.guild_sync.insights.inbox.model import Entry, Group, Inbox, Question
from sv_common.guild_sync.insights.inbox.question import question_of


async def inbox_and_question(
    guild: GuildConnection, keys: Sequence[int], *, is_any: bool, only: Callable[[Entry], bool]
) -> tuple[Inbox, Question | None]:
    """Return the list, and the first question named by `keys` that is open; where none is and `is_any`, the first of the list.

    `only` says which questions count for that.
    """
    board = await read_board(guild)
    entries = entries_of(board)
    named = (entry for key in keys for entry in entries if key in entry.issue_ids)
    usual = (entry for entry in entries if only(entry) and entry.group is not Group.INFORMATION)
    entry = next(named, next(usual, None) if is_any else None)
    found = await inbox_of(guild, board, entries)
    return found, await question_of(guild, board, entries, entry) if entry is not None else None
