"""What changes, for people: a sentence for each change, and the table of before and after. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sv_common.guild_sync.changes.changeset import (
    DECIDED,
    DECIDED_BY_A_PERSON,
    Changeset,
    NameOf,
    RoleChange,
    RowChange,
)
from sv_common.guild_sync.changes.tables import Row
from sv_common.guild_sync.core.basis import is_confirmed

NOBODY, NONE = "no one", "none"
BY_AN_OFFICER = "decided by an officer"
BY_EVIDENCE = "by evidence"
ON_AN_OFFICERS_WORD = "only if an officer links them"
HELD, NOT_HELD = "has it", "does not have it"
THERE, NOT_THERE = "exists", "does not exist"
NOT_AWAY = "not on hiatus"

_POINTERS = {"discord_user_id": "Discord member", "main_character_id": "Main", "offspec_character_id": "Off-spec"}


@dataclass(frozen=True, slots=True)
class Effect:
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Names:
    """The names of what changes; what is gone is named by its number."""

    known: NameOf

    def character(self, number: int) -> str:
        return self.known.get(("character", number), f"the former character {number}")

    def player(self, number: int) -> str:
        return self.known.get(("player", number), f"player {number}")

    def member(self, number: int) -> str:
        return self.known.get(("member", number), f"Discord member {number}")

    def role(self, number: str) -> str:
        return self.known.get(("role", number)) or number

    def people(self, numbers: Iterable[int]) -> str:
        return ", ".join(self.player(number) for number in numbers) or "a character without a player"


def sentences(changeset: Changeset) -> list[str]:
    names = Names(changeset.names)
    return [_sentence(change, names) for change in changeset.changes]


def plan_as_json(changeset: Changeset) -> list[dict[str, Any]]:
    """Return the changes as an attempt stores them, each with its sentence and with what it is about."""
    names = Names(changeset.names)
    return [
        {
            **change.as_json(),
            "about": [{kind: number, "name": name} for (kind, number), name in change.names.items()],
            "sentence": _sentence(change, names),
        }
        for change in changeset.changes
    ]


def describe(changes: Iterable[RowChange | RoleChange], known: NameOf) -> list[Effect]:
    """Return the table of before and after; several changes of one thing are one line, from the first to the last."""
    names = Names(known)
    table: dict[str, tuple[str, str]] = {}
    for change in changes:
        for effect in _effects(change, names):
            table[effect.what] = (table.get(effect.what, (effect.before, ""))[0], effect.after)
    return [Effect(what, before, after) for what, (before, after) in table.items() if before != after]


def _sentence(change: RowChange | RoleChange, names: Names) -> str:
    if isinstance(change, RoleChange):
        role, member = names.role(change.role_id), names.member(change.member_id)
        return (
            f"Give {member} the Discord role {role}." if change.held else f"Take the Discord role {role} from {member}."
        )
    before, after = change.before, change.after
    match change.table:
        case "link":
            return _link_in_words(names.character(change.id), before, after, names)
        case "alias":
            return _alias_in_words(before, after, names)
        case "rejection":
            return _rejection_in_words(before, after, names)
        case "shared":
            of = f"{names.character(change.id)} as a bank or shared character"
            return f"Mark {of}{_why(after['reason'])}" if after else f"Unmark {of}."
        case "hiatus":
            return _hiatus_in_words(before, after, names)
        case "player" if after is None:
            others = [name for (kind, number), name in change.names.items() if kind == "player" and number != change.id]
            return f"Delete the player {names.player(change.id)}, merged into {' and '.join(others)}."
        case "player" if before is None:
            return _new_player_in_words(after or {}, names)
        case _:
            return " ".join(_player_in_words(names.player(change.id), before or {}, after or {}, names))


def _link_in_words(character: str, before: Row | None, after: Row | None, names: Names) -> str:
    former, player = (names.player(row["player_id"]) if row else "" for row in (before, after))
    if after is None:
        return f"Unlink {character} from {former}."
    if before is None:
        return f"Link {character} to {player}{_why(after['evidence'])}"
    if before["player_id"] == after["player_id"]:
        return f"Confirm that {character} belongs to {player}{_why(after['evidence'])}"
    return f"Move {character} from {former} to {player}{_why(after['evidence'])}"


def _why(evidence: str) -> str:
    """How a sentence about a decision ends: without a reason where the officer gave none."""
    return "." if evidence == DECIDED else f": {evidence}"


def _alias_in_words(before: Row | None, after: Row | None, names: Names) -> str:
    alias = f"the alias “{(after or before or {})['alias']}”"
    former, player = (names.player(row["player_id"]) if row else "" for row in (before, after))
    if before and after:
        return f"Move {alias} from {former} to {player}."
    return f"Add {alias} for {player}." if after else f"Remove {alias} of {former}."


def _rejection_in_words(before: Row | None, after: Row | None, names: Names) -> str:
    row = after or before or {}
    player, character_id = names.player(row["player_id"]), row.get("character_id")
    member = f"the Discord member {names.member(row['discord_user_id'])}" if character_id is None else ""
    other = member if character_id is None else names.character(character_id)
    if after is None:
        return f"Allow {other} for {player} again."
    if before and before["player_id"] != after["player_id"]:
        return f"Rule out {other} for {player}, as an officer did for {names.player(before['player_id'])}."
    return f"Rule out {other} for {player}{_why(after['reason'])}"


def _hiatus_in_words(before: Row | None, after: Row | None, names: Names) -> str:
    if before and after and before["player_id"] != after["player_id"]:
        former = names.player(before["player_id"])
        return f"Apply to {names.player(after['player_id'])} that {former} is {away(after)}."
    if after is None:
        return f"End the hiatus of {names.player((before or {})['player_id'])}."
    return f"Remember that {names.player(after['player_id'])} is {away(after)}{_why(after['reason'])}"


def away(row: Row) -> str:
    """Say how long a player is away."""
    return f"away until {row['until']}" if row.get("until") else "away, with no return date"


def _new_player_in_words(row: Row, names: Names) -> str:
    member, main = row.get("discord_user_id"), row.get("main_character_id")
    discord = f", Discord member {names.member(member)}" if member is not None else ""
    of_main = f", main {names.character(main)}" if main is not None else ""
    return f"Create the player {row['display_name']}{discord}{of_main}."


def _player_in_words(player: str, before: Row, after: Row, names: Names) -> Iterator[str]:
    if "discord_user_id" in after:
        was, now = before["discord_user_id"], after["discord_user_id"]
        member = f"the Discord member {names.member(was if now is None else now)}"
        if now is None:
            yield f"Unlink {player} from {member}."
        else:
            yield f"Confirm that {player} is {member}." if was == now else f"Link {player} to {member}."
    for column, word in (("main_character_id", "main"), ("offspec_character_id", "off-spec")):
        if after.get(column) is not None:
            former = before.get(column)
            instead = f" instead of {names.character(former)}" if former is not None else ""
            yield f"Set {names.character(after[column])} as the {word} of {player}{instead}."
        elif column in after:
            yield f"Remove the {word} of {player}."


def _effects(change: RowChange | RoleChange, names: Names) -> Iterator[Effect]:
    if isinstance(change, RoleChange):
        what = f"Discord role {names.role(change.role_id)} of {names.member(change.member_id)}"
        yield Effect(what, *((NOT_HELD, HELD) if change.held else (HELD, NOT_HELD)))
        return
    before, after = change.before, change.after
    row = after or before or {}
    match change.table:
        case "link":
            owners = (f"{names.player(r['player_id'])}, {_standing(r)}" if r else NOBODY for r in (before, after))
            yield Effect(f"Player of {names.character(change.id)}", *owners)
        case "confirmation":
            what = f"{names.character(row['character_id'])} belongs to {names.member(row['discord_user_id'])}"
            yield Effect(
                what, *(f"confirmed by {r['confirmed_by']}" if r else "not confirmed" for r in (before, after))
            )
        case "shared":
            verdicts = ("no one: a bank or shared character" if r else "any player" for r in (before, after))
            yield Effect(f"Who may own {names.character(change.id)}", *verdicts)
        case "alias":
            meanings = (names.player(r["player_id"]) if r else NONE for r in (before, after))
            yield Effect(f"Alias “{row['alias']}”", *meanings)
        case "hiatus":
            yield from _of_a_word(before, after, _hiatus_of, _standing_of_hiatus, names)
        case "rejection":
            yield from _of_a_word(before, after, _what_is_rejected, _verdict, names)
        case "player" if before is None or after is None:
            yield from _of_whole_player(change, names)
        case "player":
            yield from _of_player(names.player(change.id), before or {}, after or {}, names)


def _of_a_word(
    before: Row | None,
    after: Row | None,
    about: Callable[[Row, Names], str],
    says: Callable[[Row | None], str],
    names: Names,
) -> Iterator[Effect]:
    """What an officer said of a player; it may move to another one."""
    if before and after and before["player_id"] != after["player_id"]:
        yield Effect(about(before, names), says(before), says(None))
        yield Effect(about(after, names), says(None), says(after))
    else:
        yield Effect(about(after or before or {}, names), says(before), says(after))


def _of_whole_player(change: RowChange, names: Names) -> Iterator[Effect]:
    name, after = names.player(change.id), change.after
    yield Effect(f"The player {name}", *((THERE, NOT_THERE) if after is None else (NOT_THERE, THERE)))
    for column, word in _POINTERS.items():
        if after and after.get(column) is not None:
            yield Effect(f"{word} of {name}", NONE, _pointed_at(column, after, names))


def _of_player(player: str, before: Row, after: Row, names: Names) -> Iterator[Effect]:
    if "discord_confirmed_by" in after and "discord_user_id" not in after:
        what = f"Discord member of {player} confirmed by"
        yield Effect(what, *(row.get("discord_confirmed_by") or NOBODY for row in (before, after)))
    for column, word in _POINTERS.items():
        if column not in after:
            continue
        yield Effect(f"{word} of {player}", *(_pointed_at(column, row, names) for row in (before, after)))


def _pointed_at(column: str, row: Row, names: Names) -> str:
    if row[column] is None:
        return NONE
    if column != "discord_user_id":
        return names.character(row[column])
    standing = f", {_standing(row, 'discord_')}" if "discord_confirmed_by" in row else ""
    return f"{names.member(row[column])}{standing}"


def _standing(row: Row, prefix: str = "") -> str:
    is_decided = row.get("link_source") in DECIDED_BY_A_PERSON
    is_decided |= is_confirmed(row.get(f"{prefix}basis"), row.get(f"{prefix}confirmed_by"))
    return BY_AN_OFFICER if is_decided else BY_EVIDENCE


def _what_is_rejected(row: Row, names: Names) -> str:
    player = names.player(row["player_id"])
    if row.get("character_id") is None:
        return f"Whether {player} may be {names.member(row['discord_user_id'])} on Discord"
    return f"Whether {names.character(row['character_id'])} may be {player}’s"


def _hiatus_of(row: Row, names: Names) -> str:
    return f"Hiatus of {names.player(row['player_id'])}"


def _standing_of_hiatus(row: Row | None) -> str:
    return away(row) if row else NOT_AWAY


def _verdict(row: Row | None) -> str:
    if row is None:
        return BY_EVIDENCE
    return ON_AN_OFFICERS_WORD if row.get("is_unlinking") else f"never: {row.get('reason') or DECIDED}"


def names_in(plan: Sequence[Mapping[str, Any]]) -> NameOf:
    """Return what a recorded plan calls what it is about."""
    return {
        (kind, number): each["name"]
        for entry in plan
        for each in entry["about"]
        for kind, number in each.items()
        if kind != "name"
    }
