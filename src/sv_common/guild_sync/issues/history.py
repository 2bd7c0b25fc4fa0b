"""What happened to an issue, in words; and whether a page still shows it as it is.

A page tells in `Seen` what it showed. An action on the page sends that back, and `check_unchanged` refuses what was
asked for on an old page, with what happened since.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field, computed_field

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import BadInput, PlanStale
from sv_common.guild_sync.core.kept_texts import NO_LONGER_FOUND, SUBJECT_GONE, fixed_by, told
from sv_common.guild_sync.core.language import mark, tr, tr_n
from sv_common.guild_sync.core.text import age, ago, name_of

SQL = load_sql(__package__, "history.sql")
MOST_MOVES = 200

_SEEN = re.compile(r"(\d{1,18})(?:-([0-9a-f]{64}))?", re.ASCII)
_FOUND_GONE = {
    NO_LONGER_FOUND: mark("{who} no longer found it"),
    SUBJECT_GONE: mark("{who} saw that the character or member left"),
}
_VERBS = {
    "opened": mark("{who} found it"),
    "recurred": mark("{who} found it again"),
    "refreshed": mark("{who} updated its details"),
    "dismissed": mark("{who} dismissed it"),
    "reopened": mark("{who} reopened it"),
}


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

    @computed_field(description="Who did what.", examples=["bob fixed it"])
    @property
    def sentence(self) -> str:
        """Who did what, without the end mark: “a scan found it”."""
        happened = self._by(name_of(self.actor))
        if self.cause_actor is None:
            return happened
        officer = name_of(self.cause_actor)
        if self.is_undo:
            return tr("{move}, after {officer} undid this: {what}", move=happened, officer=officer, what=self.cause)
        return tr("{move}, after {officer} decided: {what}", move=happened, officer=officer, what=self.cause)

    @computed_field(description="What was said about it.", examples=["a guest"])
    @property
    def remark(self) -> str | None:
        """What was said about it that the sentence does not say already."""
        is_said = self.reason in _FOUND_GONE or self.reason == fixed_by(self.actor)
        return None if is_said or self.reason is None else told(self.reason)

    def _by(self, who: str) -> str:
        if self.event != "resolved":
            return tr(_VERBS[self.event], who=who) if self.event in _VERBS else f"{who} {self.event}"
        if self.reason == fixed_by(self.actor):
            return tr("{who} fixed it", who=who)
        if self.reason in _FOUND_GONE:
            return tr(_FOUND_GONE[self.reason], who=who)
        return tr("{who} marked it as resolved", who=who)


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
            raise BadInput(tr("“seen” is not a value from a page or the API. Load the issue again and use its “seen”."))
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
        raise PlanStale(
            tr("Since you opened this page: {what}. Nothing was changed. Check it again.", what=_told(since))
        )
    if plan_key is not None and seen.plan_key is not None and plan_key != seen.plan_key:
        raise PlanStale(
            tr(
                "Since you opened this page, the data has changed, and the fix would now do something else. Nothing was "
                "changed. Check it again."
            )
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
    move, when, earlier = last.sentence.rstrip("."), how_long_ago(last.at, now), len(since) - 1
    if earlier == 0:
        return tr("{move} {ago}", move=move, ago=when)
    return tr_n(
        "{move} {ago}, after {n} other change", "{move} {ago}, after {n} other changes", earlier, move=move, ago=when
    )


def how_long_ago(moment: datetime, now: datetime) -> str:
    """Say how long ago something was, in whole words: `2 minutes ago`."""
    length = age(moment, now)
    return ago(length) if length >= timedelta(minutes=1) else tr("just now")
