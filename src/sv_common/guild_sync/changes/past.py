"""What an attempt did, in the past tense, as one half of a sentence: “linked Grimalt to Mito”. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sv_common.guild_sync.changes.describe import Names, names_in
from sv_common.guild_sync.changes.tables import Row

Step: TypeAlias = Mapping[str, Any]
"""A change as the plan of an attempt stores it."""


_TELLING = ("link", "shared", "player", "rejection", "alias", "hiatus", "role")
"""Which kind of change says best what an attempt was about; the others mostly follow from it."""


def done_in_words(plan: Sequence[Step], about: Mapping[str, int | str | None] | None = None) -> str | None:
    """Say what was done, the step about one thing first: `about` is such as `{"character": 12}`. None for an empty plan."""
    if not plan:
        return None
    names = Names(names_in(plan))
    merged = next((step for step in plan if step["table"] == "player" and step["after"] is None), None)
    if merged is not None:
        return _step(merged, names)
    concerned = [step for step in plan if about and _is_about(step, about)] or plan
    first = min(concerned, key=lambda step: _TELLING.index(step["table"]))
    others = sum(step["table"] == first["table"] for step in plan) - 1
    return f"{_step(first, names)}{f', and {others} more' if others else ''}"


def _is_about(step: Step, about: Mapping[str, int | str | None]) -> bool:
    return any(each.get(kind) == number for each in step["about"] for kind, number in about.items())


def _step(step: Step, names: Names) -> str:
    before, after = step["before"], step["after"]
    match step["table"]:
        case "role":
            role, member = names.role(after["role_id"]), names.member(step["id"])
            return f"gave {member} the role {role}" if after["held"] else f"took the role {role} from {member}"
        case "link":
            return _link(names.character(step["id"]), before, after, names)
        case "alias":
            word = f"“{(after or before)['alias']}”"
            return f"remembered {word} for {names.player(after['player_id'])}" if after else f"removed the alias {word}"
        case "rejection":
            return _rejection(before, after, names)
        case "shared":
            name = names.character(step["id"])
            return f"marked {name} as bank or shared" if after else f"unmarked {name} as bank or shared"
        case "hiatus":
            return _hiatus(before, after, names)
        case "player" if after is None:
            others = [each["name"] for each in step["about"] if each.get("player", step["id"]) != step["id"]]
            return f"merged {names.player(step['id'])} into {others[0] if others else 'another player'}"
        case "player" if before is None:
            return f"created the player {after['display_name']}"
        case _:
            return _player(names.player(step["id"]), before or {}, after or {}, names)


def _link(character: str, before: Row | None, after: Row | None, names: Names) -> str:
    former, player = (names.player(row["player_id"]) if row else "" for row in (before, after))
    if after is None:
        return f"unlinked {character} from {former}"
    if before is None:
        return f"linked {character} to {player}"
    return f"confirmed {character} for {player}" if former == player else f"moved {character} from {former} to {player}"


def _rejection(before: Row | None, after: Row | None, names: Names) -> str:
    row = after or before or {}
    other = (
        names.member(row["discord_user_id"])
        if row.get("character_id") is None
        else names.character(row["character_id"])
    )
    player = names.player(row["player_id"])
    return f"ruled out {other} for {player}" if after else f"allowed {other} for {player} again"


def _hiatus(before: Row | None, after: Row | None, names: Names) -> str:
    former, player = (names.player(row["player_id"]) if row else "" for row in (before, after))
    if after is None:
        return f"ended the hiatus of {former}"
    if former == player:
        return f"changed the hiatus of {player}"
    until = f" until {after['until']}" if after.get("until") else ""
    return f"gave {player} the hiatus of {former}" if former else f"put {player} on hiatus{until}"


def _player(player: str, before: Row, after: Row, names: Names) -> str:
    if "discord_user_id" in after:
        was, now = before["discord_user_id"], after["discord_user_id"]
        if now is None:
            return f"unlinked {player} from the Discord member {names.member(was)}"
        verb = "confirmed" if was == now else "linked"
        return f"{verb} {player} {'as' if was == now else 'to'} the Discord member {names.member(now)}"
    for column, word in (("main_character_id", "main"), ("offspec_character_id", "off-spec")):
        if column in after:
            number = after[column]
            return (
                f"removed the {word} of {player}"
                if number is None
                else f"made {names.character(number)} the {word} of {player}"
            )
    return f"changed {player}"
