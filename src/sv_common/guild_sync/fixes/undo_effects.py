"""What taking an attempt back would change, from its journal: the table of an undo's preview. Pure; reads nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sv_common.guild_sync.domain.basis import is_vouched
from sv_common.guild_sync.hand_effects import (
    BY_AN_OFFICER,
    BY_EVIDENCE,
    NO_ALIAS,
    NOBODY,
    ON_AN_OFFICERS_WORD,
    Effect,
)
from sv_common.guild_sync.store.links import DECIDED_BY_A_PERSON, Change

NONE = "none"
HELD, NOT_HELD = "held", "not held"

_POINTERS = {
    "main_character_id": "Main",
    "offspec_character_id": "Off-spec",
    "discord_user_id": "Discord member",
}
_ABOUT_THE_MEMBER = frozenset({"discord_basis", "discord_vouched_by", "discord_vouched_at"})
_Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Names:
    """What people call the rows of a journal, by number; what is gone from the database is called by its number."""

    characters: Mapping[int, str]
    players: Mapping[int, str]
    members: Mapping[int, str]
    roles: Mapping[str, str]

    def character(self, number: int) -> str:
        """Return a character's name."""
        return self.characters.get(number, f"character {number}")

    def player(self, number: int) -> str:
        """Return a player's name."""
        return self.players.get(number, f"player {number}")

    def people(self, numbers: Iterable[int]) -> str:
        """Return the names of players, or a word for what is about none."""
        return ", ".join(self.player(number) for number in numbers) or "a character without a player"

    def member(self, number: int) -> str:
        """Return a Discord member's name."""
        return self.members.get(number, f"Discord member {number}")


def undo_effects(changes: Sequence[Change], names: Names) -> list[Effect]:
    """Say what stands there now and what would stand there again; what was written several times is said once."""
    table: dict[str, tuple[str, str]] = {}
    for change in changes:
        for effect in _effects(change, names):
            first_written = table.get(effect.what, ("", effect.after))[1]
            table[effect.what] = (effect.before, first_written)
    return [Effect(what, now, then) for what, (now, then) in table.items() if now != then]


def player_numbers(changes: Iterable[Change]) -> set[int]:
    """Return the players that a journal speaks of."""
    rows = [row for change in changes for row in (change["before"], change["after"]) if row]
    changed = {change["id"] for change in changes if change["table"] == "player"}
    return changed | {row["player_id"] for row in rows if row.get("player_id")}


def character_numbers(changes: Iterable[Change]) -> set[int]:
    """Return the characters that a journal speaks of."""
    rows = [row for change in changes for row in (change["before"], change["after"]) if row]
    keys = ("character_id", "main_character_id", "offspec_character_id")
    return {row[key] for row in rows for key in keys if row.get(key)}


def member_numbers(changes: Iterable[Change]) -> set[int]:
    """Return the Discord members that a journal speaks of."""
    rows = [row for change in changes for row in (change["before"], change["after"]) if row]
    held = {change["id"] for change in changes if change["table"] == "role"}
    return held | {row["discord_user_id"] for row in rows if row.get("discord_user_id")}


def _effects(change: Change, names: Names) -> Iterator[Effect]:
    now, then = change["after"], change["before"]
    row = now or then or {}
    match change["table"]:
        case "link":
            yield Effect(f"Player of {names.character(change['id'])}", _owner(now, names), _owner(then, names))
        case "vouch":
            what = f"That {names.character(row['character_id'])} is {names.member(row['discord_user_id'])}’s"
            yield Effect(what, _vouched(now), _vouched(then))
        case "alias":
            yield Effect(f"“{row['alias']}” in a note", _meaning(now, names), _meaning(then, names))
        case "rejection":
            yield Effect(_what_is_rejected(row, names), _verdict(now), _verdict(then))
        case "role":
            role = names.roles.get(row["role_id"], row["role_id"])
            yield Effect(f"Discord role {role} of {names.member(change['id'])}", _held(now), _held(then))
        case "player":
            yield from _of_player(change, names)


def _of_player(change: Change, names: Names) -> Iterator[Effect]:
    now, then = change["after"] or {}, change["before"] or {}
    player = names.player(change["id"])
    if change["before"] is None or change["after"] is None:
        yield Effect(
            f"The player {player}", "is there" if now else "is not there", "is there" if then else "is not there"
        )
        return
    changed = {*now, *then}
    if "discord_vouched_by" in changed and "discord_user_id" not in changed:
        what = f"Who vouches for the Discord member of {player}"
        yield Effect(what, *(row.get("discord_vouched_by") or NOBODY for row in (now, then)))
    for column in sorted(changed - _ABOUT_THE_MEMBER):
        what = _POINTERS.get(column, column.replace("_", " ").capitalize())
        before, after = (_called(column, row.get(column), names) for row in (now, then))
        yield Effect(f"{what} of {player}", before, after)


def _called(column: str, value: Any, names: Names) -> str:
    if value is None:
        return NONE
    if column == "discord_user_id":
        return names.member(value)
    return names.character(value) if column in _POINTERS else str(value)


def _owner(row: _Row | None, names: Names) -> str:
    if row is None:
        return NOBODY
    is_decided = row.get("link_source") in DECIDED_BY_A_PERSON or is_vouched(row.get("basis"), row.get("vouched_by"))
    return f"{names.player(row['player_id'])}, {BY_AN_OFFICER if is_decided else BY_EVIDENCE}"


def _meaning(row: _Row | None, names: Names) -> str:
    return f"means {names.player(row['player_id'])}" if row else NO_ALIAS


def _what_is_rejected(row: _Row, names: Names) -> str:
    player = names.player(row["player_id"])
    if row.get("character_id") is None:
        return f"Whether {player} may be {names.member(row['discord_user_id'])} on Discord"
    return f"Whether {names.character(row['character_id'])} may be {player}’s"


def _verdict(row: _Row | None) -> str:
    if row is None:
        return BY_EVIDENCE
    return ON_AN_OFFICERS_WORD if row.get("is_unlinking") else f"never: {row.get('reason') or 'an officer says so.'}"


def _vouched(row: _Row | None) -> str:
    return f"vouched for by {row['vouched_by']}" if row else "nobody vouches for it"


def _held(row: _Row | None) -> str:
    return HELD if (row or {}).get("held") else NOT_HELD
