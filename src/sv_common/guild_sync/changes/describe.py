"""What changes, for people: a sentence for each change, and the table of before and after. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sv_common.guild_sync.changes.changeset import (
    DECIDED,
    DECIDED_BY_A_PERSON,
    MANUAL,
    OWN_REASONS,
    Changeset,
    NameOf,
    RoleChange,
    RowChange,
)
from sv_common.guild_sync.changes.tables import Row
from sv_common.guild_sync.core.basis import is_confirmed
from sv_common.guild_sync.core.language import day, mark, tr
from sv_common.guild_sync.core.text import name_of, with_and

NOBODY, NONE = mark("no one"), mark("none")
BY_AN_OFFICER = mark("decided by an officer")
BY_EVIDENCE = mark("by evidence")
ON_AN_OFFICERS_WORD = mark("only if an officer links them")
HELD, NOT_HELD = mark("has it"), mark("does not have it")
THERE, NOT_THERE = mark("exists"), mark("does not exist")
NOT_AWAY = mark("not on hiatus")

_POINTERS = {
    "discord_user_id": mark("Discord member of {player}"),
    "main_character_id": mark("Main of {player}"),
    "offspec_character_id": mark("Off-spec of {player}"),
}


_OF_POINTERS = {
    "main_character_id": (
        mark("Set {character} as the main of {player}."),
        mark("Set {character} as the main of {player} instead of {former}."),
        mark("Remove the main of {player}."),
    ),
    "offspec_character_id": (
        mark("Set {character} as the off-spec of {player}."),
        mark("Set {character} as the off-spec of {player} instead of {former}."),
        mark("Remove the off-spec of {player}."),
    ),
}


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
        return self.known.get(("character", number), tr("the former character {number}", number=number))

    def player(self, number: int) -> str:
        return self.known.get(("player", number), tr("player {number}", number=number))

    def member(self, number: int) -> str:
        return self.known.get(("member", number), tr("Discord member {member}", member=number))

    def role(self, number: str) -> str:
        return self.known.get(("role", number)) or number

    def people(self, numbers: Iterable[int]) -> str:
        return ", ".join(self.player(number) for number in numbers) or tr("a character without a player")


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
            tr("Give {member} the Discord role {role}.", member=member, role=role)
            if change.held
            else tr("Take the Discord role {role} from {member}.", role=role, member=member)
        )
    before, after = change.before, change.after
    match change.table:
        case "link":
            return _link_in_words(names.character(change.id), before, after, names)
        case "alias":
            return _alias_in_words(before, after, names)
        case "rejection":
            return _rejection_in_words(before, after, names)
        case "shared" | "account":
            return _mark_in_words(change, names.character(change.id))
        case "hiatus":
            return _hiatus_in_words(before, after, names)
        case "player" if after is None:
            others = [name for (kind, number), name in change.names.items() if kind == "player" and number != change.id]
            gone, other = names.player(change.id), with_and(others)
            return tr("Delete the player {player}, merged into {other}.", player=gone, other=other)
        case "player" if before is None:
            return _new_player_in_words(after or {}, names)
        case _:
            return " ".join(_player_in_words(names.player(change.id), before or {}, after or {}, names))


def _mark_in_words(change: RowChange, character: str) -> str:
    after = change.after
    match change.table:
        case "shared" if after is None:
            return tr("Unmark {character} as a bank or shared character.", character=character)
        case "shared":
            told = tr("Mark {character} as a bank or shared character", character=character)
        case _ if after is None:
            return tr("One person plays on the account of {character}.", character=character)
        case _:
            told = tr("Several people play on the account of {character}", character=character)
    return with_reason(told, after["reason"] if after else None)


def _link_in_words(character: str, before: Row | None, after: Row | None, names: Names) -> str:
    former, player = (names.player(row["player_id"]) if row else "" for row in (before, after))
    if after is None:
        return tr("Unlink {character} from {former}.", character=character, former=former)
    if before is None:
        told = tr("Link {character} to {player}", character=character, player=player)
    elif after.get("link_source") == MANUAL and before.get("basis") == "proven":
        return tr("{character} belongs to {player} by an officer's decision alone.", character=character, player=player)
    elif before["player_id"] == after["player_id"]:
        told = tr("Confirm that {character} belongs to {player}", character=character, player=player)
    else:
        told = tr("Move {character} from {former} to {player}", character=character, former=former, player=player)
    return with_reason(told, after["evidence"])


def with_reason(told: str, reason: str | None) -> str:
    """End the sentence about a decision: without a reason where the officer gave none."""
    if not reason or reason == DECIDED:
        return f"{told}."
    return tr("{decision}: {why}", decision=told, why=reason_in_words(reason))


def reason_in_words(reason: str) -> str:
    """Return a stored reason as people read it: PATT's own ones in the language of the task."""
    return tr(reason) if reason in OWN_REASONS else reason


def _alias_in_words(before: Row | None, after: Row | None, names: Names) -> str:
    alias = (after or before or {})["alias"]
    former, player = (names.player(row["player_id"]) if row else "" for row in (before, after))
    if before and after:
        return tr("Move the alias “{alias}” from {former} to {player}.", alias=alias, former=former, player=player)
    return (
        tr("Add the alias “{alias}” for {player}.", alias=alias, player=player)
        if after
        else tr("Remove the alias “{alias}” of {former}.", alias=alias, former=former)
    )


def _rejection_in_words(before: Row | None, after: Row | None, names: Names) -> str:
    row = after or before or {}
    player, character_id = names.player(row["player_id"]), row.get("character_id")
    member = (
        tr("the Discord member {member}", member=names.member(row["discord_user_id"])) if character_id is None else ""
    )
    other = member if character_id is None else names.character(character_id)
    if after is None:
        return tr("Allow {other} for {player} again.", other=other, player=player)
    if before and before["player_id"] != after["player_id"]:
        return tr(
            "Rule out {other} for {player}, as an officer did for {former}.",
            other=other,
            player=player,
            former=names.player(before["player_id"]),
        )
    return with_reason(tr("Rule out {other} for {player}", other=other, player=player), after["reason"])


def _hiatus_in_words(before: Row | None, after: Row | None, names: Names) -> str:
    if before and after and before["player_id"] != after["player_id"]:
        former, player = names.player(before["player_id"]), names.player(after["player_id"])
        return tr("Apply to {player} that {former} is {away}.", player=player, former=former, away=_away(after))
    if after is None:
        return tr("End the hiatus of {player}.", player=names.player((before or {})["player_id"]))
    player = names.player(after["player_id"])
    return with_reason(tr("Remember that {player} is {away}", player=player, away=_away(after)), after["reason"])


def away(until: date | None) -> str:
    """Say how long a player is away: what a sentence says that begins with “the player is”."""
    return tr("away, with no return date") if until is None else tr("away until {day}", day=day(until))


def _away(row: Row) -> str:
    until = row.get("until")
    return away(date.fromisoformat(until) if until else None)


def _new_player_in_words(row: Row, names: Names) -> str:
    member, main = row.get("discord_user_id"), row.get("main_character_id")
    told = [tr("Create the player {player}", player=row["display_name"])]
    told += [tr("Discord member {member}", member=names.member(member))] if member is not None else []
    told += [tr("main {character}", character=names.character(main))] if main is not None else []
    return f"{', '.join(told)}."


def _player_in_words(player: str, before: Row, after: Row, names: Names) -> Iterator[str]:
    if "discord_user_id" in after:
        was, now = before["discord_user_id"], after["discord_user_id"]
        member = names.member(was if now is None else now)
        if now is None:
            yield tr("Unlink {player} from the Discord member {member}.", player=player, member=member)
        elif was == now:
            yield tr("Confirm that {player} is the Discord member {member}.", player=player, member=member)
        elif was is None:
            yield tr("Link {player} to the Discord member {member}.", player=player, member=member)
        else:
            yield tr(
                "Link {player} to the Discord member {member} instead of {former}.",
                player=player,
                member=member,
                former=names.member(was),
            )
    elif "discord_basis" in after:
        yield tr("{player} stays linked on Discord without a Battle.net sign-in.", player=player)
    for column, (as_one, instead_of, removed) in _OF_POINTERS.items():
        if column not in after:
            continue
        values = {"player": player}
        if after[column] is None:
            yield tr(removed, **values)
            continue
        values["character"] = names.character(after[column])
        former = before.get(column)
        yield tr(as_one, **values) if former is None else tr(instead_of, **values, former=names.character(former))


def _effects(change: RowChange | RoleChange, names: Names) -> Iterator[Effect]:
    if isinstance(change, RoleChange):
        what = tr(
            "Discord role {role} of {member}", role=names.role(change.role_id), member=names.member(change.member_id)
        )
        yield Effect(what, *map(tr, (NOT_HELD, HELD) if change.held else (HELD, NOT_HELD)))
        return
    before, after = change.before, change.after
    row = after or before or {}
    match change.table:
        case "link":
            owners = (f"{names.player(r['player_id'])}, {_standing(r)}" if r else tr(NOBODY) for r in (before, after))
            yield Effect(tr("Player of {character}", character=names.character(change.id)), *owners)
        case "confirmation":
            what = tr(
                "{character} belongs to {member}",
                character=names.character(row["character_id"]),
                member=names.member(row["discord_user_id"]),
            )
            yield Effect(
                what,
                *(
                    tr("confirmed by {officer}", officer=name_of(r["confirmed_by"])) if r else tr("not confirmed")
                    for r in (before, after)
                ),
            )
        case "shared" | "account":
            yield _effect_of_mark(change, names.character(change.id))
        case "alias":
            meanings = (names.player(r["player_id"]) if r else tr(NONE) for r in (before, after))
            yield Effect(tr("Alias “{alias}”", alias=row["alias"]), *meanings)
        case "hiatus":
            yield from _of_a_word(before, after, _hiatus_of, _standing_of_hiatus, names)
        case "rejection":
            yield from _of_a_word(before, after, _what_is_rejected, _verdict, names)
        case "player" if before is None or after is None:
            yield from _of_whole_player(change, names)
        case "player":
            yield from _of_player(names.player(change.id), before or {}, after or {}, names)


def _effect_of_mark(change: RowChange, character: str) -> Effect:
    if change.table == "account":
        players = (tr("several people") if r else tr("one person") for r in (change.before, change.after))
        return Effect(tr("Who plays on the account of {character}", character=character), *players)
    owners = (
        tr("no one: a bank or shared character") if r else tr("any player") for r in (change.before, change.after)
    )
    return Effect(tr("Who may own {character}", character=character), *owners)


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
    states = (THERE, NOT_THERE) if after is None else (NOT_THERE, THERE)
    yield Effect(tr("The player {player}", player=name), *map(tr, states))
    for column, word in _POINTERS.items():
        if after and after.get(column) is not None:
            yield Effect(tr(word, player=name), tr(NONE), _pointed_at(column, after, names))


def _of_player(player: str, before: Row, after: Row, names: Names) -> Iterator[Effect]:
    if "discord_confirmed_by" in after and "discord_user_id" not in after:
        what = tr("Discord member of {player} confirmed by", player=player)
        yield Effect(what, *(name_of(row.get("discord_confirmed_by") or "") or tr(NOBODY) for row in (before, after)))
    for column, word in _POINTERS.items():
        if column not in after:
            continue
        yield Effect(
            tr(word, player=player),
            *(_pointed_at(column, row, names) for row in (before, after)),
        )


def _pointed_at(column: str, row: Row, names: Names) -> str:
    if row[column] is None:
        return tr(NONE)
    if column != "discord_user_id":
        return names.character(row[column])
    standing = f", {_standing(row, 'discord_')}" if "discord_confirmed_by" in row else ""
    return f"{names.member(row[column])}{standing}"


def _standing(row: Row, prefix: str = "") -> str:
    is_decided = row.get("link_source") in DECIDED_BY_A_PERSON
    is_decided |= is_confirmed(row.get(f"{prefix}basis"), row.get(f"{prefix}confirmed_by"))
    return tr(BY_AN_OFFICER) if is_decided else tr(BY_EVIDENCE)


def _what_is_rejected(row: Row, names: Names) -> str:
    player = names.player(row["player_id"])
    if row.get("character_id") is None:
        return tr(
            "Whether {player} may be {member} on Discord", player=player, member=names.member(row["discord_user_id"])
        )
    return tr("Whether {character} may be {player}’s", character=names.character(row["character_id"]), player=player)


def _hiatus_of(row: Row, names: Names) -> str:
    return tr("Hiatus of {player}", player=names.player(row["player_id"]))


def _standing_of_hiatus(row: Row | None) -> str:
    return _away(row) if row else tr(NOT_AWAY)


def _verdict(row: Row | None) -> str:
    if row is None:
        return tr(BY_EVIDENCE)
    if row.get("is_unlinking"):
        return tr(ON_AN_OFFICERS_WORD)
    return tr("never: {why}", why=reason_in_words(row.get("reason") or DECIDED))


def names_in(plan: Sequence[Mapping[str, Any]]) -> NameOf:
    """Return what a recorded plan calls what it is about."""
    return {
        (kind, number): each["name"]
        for entry in plan
        for each in entry["about"]
        for kind, number in each.items()
        if kind != "name"
    }
