"""Who else could be meant: anyone in the guild by any of their names, each with the decision that links them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.identity.decisions import (
    Decision,
    LinkCharacter,
    LinkCharacterToMember,
    LinkMember,
    NewPlayer,
)
from sv_common.guild_sync.insights.inbox.board import read_board
from sv_common.guild_sync.insights.inbox.entries import entries_of
from sv_common.guild_sync.insights.inbox.listing import entry_with
from sv_common.guild_sync.insights.inbox.model import Entry
from sv_common.guild_sync.insights.search import Hit, people_named


@dataclass(frozen=True, slots=True)
class Somebody:
    """Someone found by name, and the decision that links them."""

    label: Annotated[str, Field(examples=["Mito"])]
    about: Annotated[
        str, Field(description="Who they are, in a few words.", examples=["main Mito-Area 52 · 3 characters"])
    ]
    decision: Decision


async def somebody(guild: GuildConnection, issue_id: int, typed: str) -> list[Somebody]:
    """Return the people that the words find, the best first; each player once. Raises `NotFound`, and `PlanStale` for a closed question."""
    board = await read_board(guild)
    entry = await entry_with(guild, entries_of(board), issue_id)
    found: dict[str, Somebody] = {}
    for hit in await people_named(guild, typed):
        decision = _decision(entry, hit)
        if decision is not None:
            player = hit.id if hit.kind == "player" else hit.player_id
            key = f"player {player}" if player else f"{hit.kind} {hit.id}"
            found.setdefault(key, Somebody(hit.title, hit.why, decision))
    return list(found.values())


def _decision(entry: Entry, hit: Hit) -> Decision | None:
    """What it means that the question is about them; None for the subject itself."""
    player = hit.id if hit.kind == "player" else hit.player_id
    if entry.subject.kind == "member":
        return _of_member(f"#{entry.subject.id}", hit, player)
    if entry.subject.kind == "player" and hit.kind == "member" and hit.player_id is None:
        return LinkMember(player=f"#{entry.subject.id}", member=f"#{hit.id}")
    if entry.subject.kind == "character":
        return _of_characters([f"#{each.id}" for each in (entry.subject, *entry.others)], hit, player)
    return None


def _of_member(member: str, hit: Hit, player: int | None) -> Decision | None:
    if player is not None:
        return LinkMember(player=f"#{player}", member=member)
    return LinkCharacterToMember(character=f"#{hit.id}", member=member) if hit.kind == "character" else None


def _of_characters(characters: Sequence[str], hit: Hit, player: int | None) -> Decision | None:
    """Several characters belong to a player that their notes name from now on, so that a fix links the others."""
    first, is_one = characters[0], len(characters) == 1
    if player is not None:
        return LinkCharacter(character=first, player=f"#{player}", remember_note=not is_one)
    if hit.kind == "member":
        return LinkCharacterToMember(character=first, member=f"#{hit.id}", remember_note=not is_one)
    if hit.kind == "character" and f"#{hit.id}" not in characters:
        return NewPlayer(characters=[*characters, f"#{hit.id}"])
    return None
