"""What happened in a guild, as pages, the API and exports list it: full matches, runs of pipelines, who did what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, computed_field

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.kept_texts import told
from sv_common.guild_sync.core.language import mark, number, tr
from sv_common.guild_sync.core.paging import PAGE_SIZE, Page, Place
from sv_common.guild_sync.core.undo_offer import UndoOffer, undo_of_attempts
from sv_common.guild_sync.jobs.matches import MatchState
from sv_common.guild_sync.roster.runs import LoggedRun, logged_run

SQL = load_sql(__package__, "activity.sql")

LARGEST_EXPORT = 20_000
"""Rows that one export may have."""

_UNDONE = {"whole": mark("It was: {reason}"), "part": mark("In part. It was: {reason}")}

Pipeline = Literal["addon_upload", "battlenet_sync", "discord_sync", "sweep", "full_match"]
RunStatus = Literal["running", "done", "partial", "superseded", "failed"]

PIPELINES: Mapping[Pipeline, str] = {
    "addon_upload": mark("Addon upload"),
    "battlenet_sync": mark("Battle.net"),
    "discord_sync": mark("Discord"),
    "sweep": mark("Daily check"),
    "full_match": mark("Full match"),
}
"""What each pipeline is called."""

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs of the sync log are meant; None: all. `since` is the first day (UTC)."""

    pipeline: Pipeline | None = None
    status: RunStatus | None = None
    since: date | None = None

    def values(self) -> dict[str, Any]:
        return {"pipeline": self.pipeline, "status": self.status, "since": _beginning(self.since)}


@dataclass(frozen=True, slots=True)
class ActionFilter:
    """Which actions are meant; None: all. `since` is the first day (UTC)."""

    actor: str | None = None
    since: date | None = None

    def values(self) -> dict[str, Any]:
        return {"actor": self.actor, "since": _beginning(self.since)}


@dataclass(frozen=True, slots=True)
class Action:
    """One action: a fix, an undo, a dismissed or reopened issue, a requested full match, a changed setting, an erased person."""

    at: datetime
    actor: str
    is_automatic: bool
    what: Annotated[
        str,
        Field(
            description="running, fixed, refused, failed, unverified, undone, dismissed, reopened, requested (a full match), "
            "set (a setting) or erased (a person)."
        ),
    ]
    subject: Annotated[str | None, Field(description="The issue it was done to.")]
    reason: str | None
    issue_type: str | None
    issue_id: int | None
    attempt_id: int | None
    is_undoable: bool


@dataclass(frozen=True, slots=True)
class MatchRun:
    """A full match. `request_id` is null for one from the command line."""

    request_id: int | None
    attempt_id: Annotated[int | None, Field(description="What to undo; null where nothing was changed.")]
    actor: str
    requested_at: datetime
    finished_at: datetime | None
    state: MatchState
    sentence: str | None
    selected: Annotated[int | None, Field(description="How many players were selected; null: all of them.")]
    undone_at: datetime | None
    undone_by: str | None
    is_undoable: bool

    @computed_field(description="How to undo it; null where there is nothing to undo.")
    @property
    def undo(self) -> UndoOffer | None:
        """How to undo it, if it changed something that stands."""
        return undo_of_attempts([self.attempt_id]) if self.is_undoable and self.attempt_id is not None else None


async def was_matched(guild: GuildConnection) -> bool:
    """Whether a full match was ever made or asked for."""
    return bool(await guild.value(SQL["was_matched"]))


async def match_runs(guild: GuildConnection, *, number: int = 1) -> Page[MatchRun]:
    """Return one page of the guild's full matches: the queued one first, then the newest."""
    return await _page(guild, "match_runs", MatchRun, {}, number)


async def sync_runs(guild: GuildConnection, chosen: RunFilter, *, number: int = 1) -> Page[LoggedRun]:
    """Return one page of the runs of the sync log, newest first."""
    return await _page(guild, "sync_runs", logged_run, chosen.values(), number)


async def actions(guild: GuildConnection, chosen: ActionFilter, *, number: int = 1) -> Page[Action]:
    """Return one page of who did what, newest first."""
    return await _page(guild, "actions", _action, chosen.values(), number)


async def actors(guild: GuildConnection) -> list[str]:
    """Return everyone who ever did something, by name."""
    return [row[0] for row in await guild.rows(SQL["actors"])]


async def every_sync_run(guild: GuildConnection, chosen: RunFilter) -> list[LoggedRun]:
    """Return all selected runs, newest first. Raises `Refused` for more than `LARGEST_EXPORT`."""
    return await _every(guild, "sync_runs", logged_run, chosen.values())


async def every_action(guild: GuildConnection, chosen: ActionFilter) -> list[Action]:
    """Return all selected actions, newest first. Raises `Refused` for more than `LARGEST_EXPORT`."""
    return await _every(guild, "actions", _action, chosen.values())


async def _count(guild: GuildConnection, statement: str, values: dict[str, Any]) -> int:
    return int(await guild.value(SQL[f"count_{statement}"], **values) or 0)


async def _every(
    guild: GuildConnection, statement: str, row_type: Callable[..., _Row], values: dict[str, Any]
) -> list[_Row]:
    total = await _count(guild, statement, values)
    if total > LARGEST_EXPORT:
        raise Refused(
            tr(
                "These are {n} rows, and one export has at most {most}. Choose a later day in “since”, "
                "or filter further.",
                n=number(total),
                most=number(LARGEST_EXPORT),
            )
        )
    return await guild.all(row_type, SQL[statement], **values, limit=LARGEST_EXPORT, offset=0)


async def _page(
    guild: GuildConnection, statement: str, row_type: Callable[..., _Row], values: dict[str, Any], number: int
) -> Page[_Row]:
    place = Place(await _count(guild, statement, values), number)
    rows = await guild.all(row_type, SQL[statement], **values, limit=PAGE_SIZE, offset=place.offset)
    return place.page(rows)


def _action(*, reason: str | None, undone: str | None, why: str | None, **columns: Any) -> Action:
    if undone is not None and reason is not None:
        reason = tr(_UNDONE[undone], reason=reason)
        reason = reason if why is None else f"{reason} {tr('Undone because: {reason}', reason=why)}"
    elif reason is not None:
        reason = told(reason, columns["actor"])
    return Action(reason=reason, **columns)


def _beginning(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)
