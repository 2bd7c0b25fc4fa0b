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
    """Take the person out of the journals of attempts; return of how many. What belongs to the same change goes along.

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
    shortened: dict[str, list[Any]] = {"ids": [], "plans": [], "intended": [], "changes": [], "undone": []}
    for attempt_id, _, plan, intended, changes, undone in found:
        shortened["ids"].append(attempt_id)
        shortened["plans"].append(Jsonb([each for each in plan if not names_person(each, person, issue_ids)]))
        shortened["intended"].append(Jsonb([each for each in intended if not names_person(each, person, issue_ids)]))
        shortened["changes"].append(Jsonb(_whole_parts(changes, person, issue_ids)))
        shortened["undone"].append(Jsonb(_whole_parts(undone, person, issue_ids)))
    if found:
        await guild.run(SQL["shorten_attempts"], **shortened)
    return len(found)


def _whole_parts(changes: Sequence[_Step], person: Person, issue_ids: Collection[int]) -> list[_Step]:
    """The changes that have nothing to do with the person: rows that can only be undone together stay or go together."""
    rows = [RowChange(**each) for each in changes if each["table"] != "role"]
    gone = {
        change.key
        for part in parts_of(rows)
        if any(names_person(change.as_json(), person, issue_ids) for change in part.changes)
        for change in part.changes
    }
    kept = [each for each in changes if each["table"] == "role" and not names_person(each, person, issue_ids)]
    return [*(row.as_json() for row in rows if row.key not in gone), *kept]


def names_person(step: _Step, person: Person, issue_ids: Collection[int]) -> bool:
    """Whether a step of a plan or a journal is about a row of the person."""
    characters = {each.id for each in person.characters}
    member = {person.member.id} if person.member else set()
    player = {person.player_id} if person.player_id is not None else set()
    own = {"link": characters, "shared": characters, "player": player, "role": member, "issue": set(issue_ids)}
    if step["id"] in own.get(step["table"], set()):
        return True
    columns = {
        "player_id": player,
        "character_id": characters,
        "main_character_id": characters,
        "offspec_character_id": characters,
        "discord_user_id": member,
    }
    return any(
        side.get(column) in ids
        for side in (step["before"], step["after"])
        if side
        for column, ids in columns.items()
        if side.get(column) is not None
    )
