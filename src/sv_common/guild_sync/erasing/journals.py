"""What attempts have written down of a person, taken out of them; an undo brings nothing of the person back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.changes.changeset import RowChange
from sv_common.guild_sync.core.errors import Busy
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.engine.undoing.parts import parts_of
from sv_common.guild_sync.erasing.person import SQL, Person

_Step = Mapping[str, Any]


async def shorten(guild: GuildConnection, person: Person, issue_ids: Collection[int]) -> int:
    """Take the person out of the journals of attempts; return how many. What belongs to the same change goes along.

    Raises `Busy` where one of them is under way on Discord.
    """
    found = await guild.rows(SQL["attempts"], issue_ids=sorted(issue_ids), **person.ids)
    if any(is_under_way for _, is_under_way, *_ in found):
        raise Busy(
            tr(
                "A change of {name} on Discord is under way, or was interrupted. Try again after the next sync.",
                name=person.name,
            )
        )
    columns: dict[str, list[Any]] = {"ids": [], "plans": [], "intended": [], "changes": [], "undone": []}
    for attempt_id, _, plan, in_plan, intended, in_intended, changes, in_changes, undone, in_undone in found:
        columns["ids"].append(attempt_id)
        columns["plans"].append(Jsonb(_others(plan, in_plan)))
        columns["intended"].append(Jsonb(_others(intended, in_intended)))
        columns["changes"].append(Jsonb(_whole_parts(changes, in_changes)))
        columns["undone"].append(Jsonb(_whole_parts(undone, in_undone)))
    if found:
        await guild.run(SQL["shorten_attempts"], **columns)
    return len(found)


def _others(steps: Sequence[_Step], places: Collection[int]) -> list[_Step]:
    """The steps that do not stand at these places, counted from 1."""
    return [step for place, step in enumerate(steps, 1) if place not in places]


def _whole_parts(changes: Sequence[_Step], places: Collection[int]) -> list[_Step]:
    """The changes that have nothing to do with those at the places: rows that can only be undone together stay or go together."""
    rows = [RowChange(**each) for each in changes if each["table"] != "role"]
    named = {RowChange(**changes[place - 1]).key for place in places if changes[place - 1]["table"] != "role"}
    gone = {
        change.key
        for part in parts_of(rows)
        if any(change.key in named for change in part.changes)
        for change in part.changes
    }
    roles = [each for each in _others(changes, places) if each["table"] == "role"]
    return [*(row.as_json() for row in rows if row.key not in gone), *roles]
