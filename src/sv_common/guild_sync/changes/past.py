"""What an attempt did, in the past tense, as one half of a sentence: “linked Grimalt to Mito”. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple, TypeAlias

from sv_common.guild_sync.changes.describe import Names, names_in
from sv_common.guild_sync.changes.tables import Row
from sv_common.guild_sync.core.language import day, tr, tr_n

Step: TypeAlias = Mapping[str, Any]
"""A change as the plan of an attempt stores it."""


_TELLING = ("link", "shared", "account", "player", "rejection", "alias", "hiatus", "role")
"""Which kind of change says best what an attempt was about; the others mostly follow from it."""


class Subject(NamedTuple):
    """Who a page, a timeline or an issue is about. Without a name, a step names them by their number alone."""

    kind: Literal["player", "character", "member"]
    id: int
    name: str | None = None


def is_about(step: Step, subject: Subject) -> bool:
    """Whether a step names the subject. A player that the plan creates has no number there yet, and is known by its name."""
    named = [each for each in step["about"] if subject.kind in each]
    return any(_is_same(subject, each[subject.kind], each["name"]) for each in named)


def _is_same(subject: Subject, number: int, name: str) -> bool:
    is_created = number < 0
    return subject.name == name if is_created else subject.id == number


def done_in_words(plan: Sequence[Step], subject: Subject | None = None) -> str | None:
    """Say what was done, the step about the subject first. None for an empty plan."""
    if not plan:
        return None
    names = Names(names_in(plan))
    told = _told(plan, subject)
    others = 0 if _is_merge(told) else sum(step["table"] == told["table"] for step in plan) - 1
    return with_more(_step(told, names), others)


def with_more(done: str, others: int) -> str:
    """Say what was done, and how often the same was done besides."""
    return tr_n("{done}, and {n} more", "{done}, and {n} more", others, done=done) if others else done


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
            return (
                tr("gave {member} the role {role}", member=member, role=role)
                if after["held"]
                else tr("took the role {role} from {member}", role=role, member=member)
            )
        case "link":
            return _link(names.character(step["id"]), before, after, names)
        case "alias":
            word = f"“{(after or before)['alias']}”"
            return (
                tr("remembered {word} for {player}", word=word, player=names.player(after["player_id"]))
                if after
                else tr("removed the alias {word}", word=word)
            )
        case "rejection":
            return _rejection(before, after, names)
        case "shared" | "account":
            return _mark(step["table"], names.character(step["id"]), is_made=after is not None)
        case "hiatus":
            return _hiatus(before, after, names)
        case "player" if after is None:
            others = [each["name"] for each in step["about"] if each.get("player", step["id"]) != step["id"]]
            gone = names.player(step["id"])
            if not others:
                return tr("merged {player} into another player", player=gone)
            return tr("merged {player} into {other}", player=gone, other=others[0])
        case "player" if before is None:
            return tr("created the player {player}", player=after["display_name"])
        case _:
            return _player(names.player(step["id"]), before or {}, after or {}, names)


def _mark(table: str, character: str, *, is_made: bool) -> str:
    match table, is_made:
        case "shared", True:
            return tr("marked {character} as bank or shared", character=character)
        case "shared", False:
            return tr("unmarked {character} as bank or shared", character=character)
        case _, True:
            return tr("said that several people play on the account of {character}", character=character)
        case _:
            return tr("said that one person plays on the account of {character}", character=character)


def _link(character: str, before: Row | None, after: Row | None, names: Names) -> str:
    former, player = (names.player(row["player_id"]) if row else "" for row in (before, after))
    if after is None:
        return tr("unlinked {character} from {former}", character=character, former=former)
    if before is None:
        return tr("linked {character} to {player}", character=character, player=player)
    return (
        tr("confirmed {character} for {player}", character=character, player=player)
        if former == player
        else tr("moved {character} from {former} to {player}", character=character, former=former, player=player)
    )


def _rejection(before: Row | None, after: Row | None, names: Names) -> str:
    row = after or before or {}
    other = (
        names.member(row["discord_user_id"])
        if row.get("character_id") is None
        else names.character(row["character_id"])
    )
    player = names.player(row["player_id"])
    return (
        tr("ruled out {other} for {player}", other=other, player=player)
        if after
        else tr("allowed {other} for {player} again", other=other, player=player)
    )


def _hiatus(before: Row | None, after: Row | None, names: Names) -> str:
    former, player = (names.player(row["player_id"]) if row else "" for row in (before, after))
    if after is None:
        return tr("ended the hiatus of {former}", former=former)
    if former == player:
        return tr("changed the hiatus of {player}", player=player)
    if former:
        return tr("gave {player} the hiatus of {former}", player=player, former=former)
    if after.get("until"):
        return tr("put {player} on hiatus until {day}", player=player, day=day(date.fromisoformat(after["until"])))
    return tr("put {player} on hiatus", player=player)


def _player(player: str, before: Row, after: Row, names: Names) -> str:
    if "discord_user_id" in after:
        was, now = before["discord_user_id"], after["discord_user_id"]
        if now is None:
            return tr("unlinked {player} from the Discord member {member}", player=player, member=names.member(was))
        member = names.member(now)
        if was == now:
            return tr("confirmed {player} as the Discord member {member}", player=player, member=member)
        return tr("linked {player} to the Discord member {member}", player=player, member=member)
    if "main_character_id" in after:
        if after["main_character_id"] is None:
            return tr("removed the main of {player}", player=player)
        main = names.character(after["main_character_id"])
        return tr("made {character} the main of {player}", character=main, player=player)
    if "offspec_character_id" in after:
        if after["offspec_character_id"] is None:
            return tr("removed the off-spec of {player}", player=player)
        offspec = names.character(after["offspec_character_id"])
        return tr("made {character} the off-spec of {player}", character=offspec, player=player)
    return tr("changed {player}", player=player)
