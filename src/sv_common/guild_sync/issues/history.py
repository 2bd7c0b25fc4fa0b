"""What happened to an issue, in words; and whether a page still shows it as it is.

A page tells in `Seen` what it showed. An action on the page sends that back, and `check_unchanged` refuses what was
asked for on an old page, with what happened since.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field, computed_field

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import BadInput, PlanStale

SQL = load_sql(__package__, "history.sql")
MOST_MOVES = 200

_SEEN = re.compile(r"(\d{1,18})(?:-([0-9a-f]{64}))?", re.ASCII)
_WHO = {"detection": "a scan", "automation": "an automatic run", "clock": "the clock"}
_FOUND_GONE = {
    "No longer found.": "no longer found it",
    "The character or member has left.": "saw that the character or member left",
}
_VERBS = {
    "opened": "found it",
    "recurred": "found it again",
    "refreshed": "updated its details",
    "dismissed": "dismissed it",
    "reopened": "reopened it",
}
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


@dataclass(frozen=True, slots=True)
class Move:
    """One move in an issue's life. `cause_*`: what an officer did in the same moment that made a scan find it so."""

    id: int
    event: str
    actor: str
    reason: str | None
    at: datetime
    cause_actor: Annotated[str | None, Field(exclude=True)] = None
    cause: Annotated[str | None, Field(exclude=True)] = None
    is_undo: Annotated[bool, Field(exclude=True)] = False

    @computed_field(description="Who did what.", examples=["officer bob fixed it"])
    @property
    def sentence(self) -> str:
        """Who did what, without the end mark: “a scan found it”."""
        return f"{_WHO.get(self.actor, self.actor)} {self._verb}{self._because}"

    @computed_field(description="What was said about it.", examples=["a guest"])
    @property
    def remark(self) -> str | None:
        """What was said about it that the sentence does not say already."""
        is_said = self.reason in _FOUND_GONE or self.reason == f"Fixed by {self.actor}."
        return None if is_said else self.reason

    @property
    def _verb(self) -> str:
        if self.event != "resolved":
            return _VERBS.get(self.event, self.event)
        if self.reason == f"Fixed by {self.actor}.":
            return "fixed it"
        return _FOUND_GONE.get(self.reason or "", "marked it as resolved")

    @property
    def _because(self) -> str:
        if self.cause_actor is None:
            return ""
        return f", after {self.cause_actor} {'undid this' if self.is_undo else 'decided'}: {self.cause}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page showed of an issue: its newest move, and the key of the plan of its fix where there was one."""

    move_id: int
    plan_key: str | None = None

    def __str__(self) -> str:
        return f"{self.move_id}-{self.plan_key}" if self.plan_key else str(self.move_id)

    @classmethod
    def read(cls, text: str) -> Seen:
        """Read what `str` has written. Raises `BadInput`."""
        found = _SEEN.fullmatch(text)
        if found is None:
            raise BadInput("“seen” is not a value from a page or the API. Load the issue again and use its “seen”.")
        return cls(int(found[1]), found[2])


async def moves(guild: GuildConnection, issue_id: int, *, after: int = 0) -> list[Move]:
    """Return the newest moves of an issue, oldest first; with `after`, those with a higher number."""
    return await guild.all(Move, SQL["moves"], issue_id=issue_id, after=after, limit=MOST_MOVES)


async def check_unchanged(
    guild: GuildConnection, issue_id: int | None, seen: Seen | None, *, plan_key: str | None = None
) -> None:
    """Refuse what was asked for on a page that is no longer true; without `seen` nothing is asked.

    The caller holds the guild's lock, so that nothing happens between this look and what follows. `plan_key` is that of
    the plan about to be carried out. Raises `PlanStale` with who did what since.
    """
    if seen is None or issue_id is None:
        return
    since = await moves(guild, issue_id, after=seen.move_id)
    if since:
        raise PlanStale(f"Since you opened this page: {_told(since)}. Nothing was changed. Check it again.")
    if plan_key is not None and seen.plan_key is not None and plan_key != seen.plan_key:
        raise PlanStale(
            "Since you opened this page, the data has changed, and the fix would now do something else. Nothing was "
            "changed. Check it again."
        )


async def check_all_unchanged(guild: GuildConnection, issue_ids: Sequence[int], seen: Seen | None) -> None:
    """Refuse the same for several issues that were shown together; `seen` holds the newest move of all. Raises like it."""
    if seen is not None:
        moved = await guild.value(SQL["moved_since"], issue_ids=list(issue_ids), after=seen.move_id)
        await check_unchanged(guild, moved, seen)


async def tell_closed(guild: GuildConnection, issue_id: int) -> str:
    """Say who did what last about an issue, and when."""
    return _told((await moves(guild, issue_id))[-1:])


def _told(since: Sequence[Move]) -> str:
    """The last thing that happened, and that there was more."""
    now = datetime.now(UTC)
    last = since[-1]
    more = f", after {len(since) - 1} other changes" if len(since) > 1 else ""
    return f"{last.sentence.rstrip('.')} {how_long_ago(last.at, now)}{more}"


def how_long_ago(moment: datetime, now: datetime) -> str:
    """Say how long ago something was, in whole words: `2 minutes ago`."""
    seconds = int((now - moment).total_seconds())
    for size, unit in _UNITS:
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
