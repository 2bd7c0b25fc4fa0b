"""What happened to a player or a character, newest first: decisions, fixes and undos, findings, arrivals, leavings, names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.past import Subject
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.core.kept_texts import told
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.paging import PAGE_SIZE, Page, Place
from sv_common.guild_sync.identity.facts import read_facts
from sv_common.guild_sync.identity.lookup import find_player
from sv_common.guild_sync.insights.person import traces_of

SQL = load_sql(__package__, "timeline.sql")

Happening: TypeAlias = Literal[
    "decision",
    "fix",
    "full_match",
    "undone",
    "opened",
    "recurred",
    "resolved",
    "dismissed",
    "reopened",
    "joined",
    "left",
    "renamed",
]

_SENTENCES: Mapping[str, str] = {
    "joined": mark("{name} was first seen in the guild."),
    "left": mark("{name} left the guild."),
    "renamed": mark("{name} was called {former}."),
    "renamed_on_discord": mark("{name} was called {former} on Discord."),
}
"""What is told of names; all else is told as it was written down."""

_HAPPENINGS: Mapping[str, Happening] = {"renamed_on_discord": "renamed"}


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened. `actor` null: the game or Discord."""

    at: datetime
    what: Annotated[Happening, Field(examples=["decision"])]
    actor: str | None
    sentence: Annotated[str, Field(examples=["Newalt-area-52 belongs to Mito: an officer says so."])]
    issue_id: Annotated[int | None, Field(description="The issue that it is about, if it is about one.")]
    attempt_id: Annotated[
        int | None,
        Field(
            description="What was done, or undone. POST /api/v1/admin/data-quality/attempts/{attempt_id}/undo takes it back."
        ),
    ]
    is_undoable: Annotated[
        bool, Field(description="Whether it changed something that was not undone and still can be.")
    ]


@dataclass(frozen=True, slots=True)
class Timeline(Page[TimelineEntry]):
    """One page of what happened, newest first."""

    items: Sequence[TimelineEntry]


async def timeline_of_player(guild: GuildConnection, player_id: int, *, number: int = 1) -> Timeline:
    """Return one page of a player's timeline, with that of their characters and their Discord member. Raises `NotFound`."""
    name = await guild.value(SQL["player"], player_id=player_id)
    if name is None:
        raise NotFound(tr("There is no player with the number {number}.", number=player_id))
    return await _timeline(guild, Subject("player", player_id, name), number)


async def timeline_of_character(guild: GuildConnection, character_id: int, *, number: int = 1) -> Timeline:
    """Return one page of a character's timeline. Raises `NotFound`."""
    name = await guild.value(SQL["character"], character_id=character_id)
    if name is None:
        raise NotFound(tr("There is no character with the number {number}.", number=character_id))
    return await _timeline(guild, Subject("character", character_id, name), number)


async def timeline_of_player_called(guild: GuildConnection, called: str, *, number: int = 1) -> Timeline:
    """Do the same for a player by display name or number. Raises `NotFound`, and `Refused` for a name that several have."""
    return await timeline_of_player(guild, find_player(await read_facts(guild), called).id, number=number)


async def _timeline(guild: GuildConnection, subject: Subject, number: int) -> Timeline:
    numbers = {
        "player_id": subject.id if subject.kind == "player" else None,
        "character_id": subject.id if subject.kind == "character" else None,
    }
    values = {**numbers, **traces_of(subject), "limit": PAGE_SIZE}
    rows: list[dict[str, Any]] = await guild.all(dict, SQL["entries"], **values, offset=(number - 1) * PAGE_SIZE)
    if not rows and number > 1:  # beyond the last page
        first: list[dict[str, Any]] = await guild.all(dict, SQL["entries"], **values, offset=0)
        number = -(-first[0]["total"] // PAGE_SIZE) if first else 1
        rows = await guild.all(dict, SQL["entries"], **values, offset=(number - 1) * PAGE_SIZE)
    total = rows[0]["total"] if rows else 0
    page = Place(total, number).page([_entry(row) for row in rows])
    return Timeline(page.items, page.number, page.pages, page.total)


def _entry(row: Mapping[str, Any]) -> TimelineEntry:
    what, sentence, detail = row["what"], row["sentence"], row["detail"]
    values = {name: value for name, value in row.items() if name not in ("total", "detail")}
    if what in _SENTENCES:
        sentence = tr(_SENTENCES[what], name=sentence, former=detail)
    elif detail is not None:
        sentence = f"{sentence}: {told(detail, row['actor'])}"
    return TimelineEntry(**{**values, "sentence": sentence, "what": _HAPPENINGS.get(what, what)})
