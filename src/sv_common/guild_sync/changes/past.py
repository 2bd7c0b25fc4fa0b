"""What an attempt did, in the past tense, as one half of a sentence: “linked Grimalt to Mito”. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from sv_common.guild_sync.changes.describe import Names, names_in
from sv_common.guild_sync.changes.tables import Row

Step: TypeAlias = Mapping[str, Any]
"""A change as the plan of an attempt stores it."""


_TELLING = ("link", "shared", "player", "rejection", "alias", "hiatus", "role")
"""Which kind of change says best what an attempt was about; the others mostly follow from it."""


class Subject(NamedTuple):
    """Who a page, a timeline or an issue is about. Without a name, a step names them by their number alone."""

    kind: Literal["player", "character", "member"]
    id: int
    name: str | None = None


def is_about(step: Step, subject: Subject) -> bool:
    """Whether a step names the subject; a player that a plan creates has a name there and no number yet."""
    named = [each for each in step["about"] if subject.kind in each]
    return any(subject.id == each[subject.kind] or subject.name == each["name"] for each in named)


def done_in_words(plan: Sequence[Step], subject: Subject | None = None) -> str | None:
    """Say what was done, the step about the subject first. None for an empty plan."""
    if not plan:
        return None
    names = Names(names_in(plan))
    told = _told(plan, subject)
    others = 0 if _is_merge(told) else sum(step["table"] == told["table"] for step in plan) - 1
    return f"{_step(told, names)}{f', and {others} more' if others else ''}"


def is_about_others(plan: Sequence[Step], subject: Subject) -> bool:
    """Whether the same was done to others too, so that an undo would reach them."""
    if not plan:
        return False
    told = _told(plan, subject)
    return any(step["table"] == told["table"] and not is_about(step, subject) for step in plan)


def _told(plan: Sequence[Step], subject: Subject | None) -> Step:
    """The step that says best what was done; a merge says it all."""
    concerned = [step for step in plan if subject and is_about(step, subject)] or plan
    merge = next((step for step in plan if _is_merge(step)), None)
    return merge or min(concerned, key=lambda step: _TELLING.index(step["table"]))


def _is_merge(step: Step) -> bool:
    return bool(step["table"] == "player" and step["after"] is None)


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
