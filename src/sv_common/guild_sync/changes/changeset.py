"""What would change, as data: rows before and after, and roles on Discord. Pure.

A changeset is made from the current database, never from an issue's stored details. What an officer sees in a preview is
what is applied, what was applied is what is journaled, and an undo applies the inverse of that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal, NamedTuple, TypeAlias

from sv_common.guild_sync.changes.tables import TABLES, Key, Row, TableName
from sv_common.guild_sync.core.basis import LinkEvidence
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.names import name_key

Thing: TypeAlias = tuple[Literal["character", "player", "member", "role"], int | str]
NameOf: TypeAlias = Mapping[Thing, str]

NEW_PLAYER = -(10**12)
"""Stands for a player that gets its number when it is made, as do the numbers below it. One that is made for a Discord
member has minus the member's number instead, whatever else is planned."""

LEARNED_BY_MATCH = "full_match"
"""Link source of a full match, whose aliases count only while a note of the player's own characters has them."""

DECIDED_BY_A_PERSON = frozenset({"manual", "officer_fix"})
"""Link sources that automation never changes."""

DECIDED = mark("an officer decided this.")
"""The evidence of a link, and the reason of a rejection or a mark, for which an officer gave no other. Kept in English."""

CLICK_ONLY = mark("This kind of fix is applied on an officer's click only.")


class Named(NamedTuple):
    """A row by its number and its name."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes, and how what is written will be known: see `player_characters.link_source`."""

    actor: str
    link_source: str
    confidence: str

    @property
    def confirms(self) -> bool:
        """Whether it is the actor's own decision, so that the actor confirms each link."""
        return self.link_source in DECIDED_BY_A_PERSON

    def stands_for(self, evidence: str, prefix: str = "") -> Row:
        """Return what a link rests on, as columns."""
        basis = "officer" if self.confirms else evidence
        return {f"{prefix}basis": basis, f"{prefix}confirmed_by": self.actor if self.confirms else None}


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row before and after: None before for one that is made, None after for one that is deleted.

    `id` is the row's number, 0 where it gets one when it is made or is known by other columns (see `TABLES`), or negative
    for a player that is made (see `NEW_PLAYER`). A plan holds the columns that count; a journal whole rows, and of a
    player that was there before and after, and of an issue, those that changed.
    """

    table: TableName
    id: int
    before: Row | None
    after: Row | None
    names: NameOf = field(default_factory=dict, compare=False)

    @property
    def key(self) -> tuple[str, Key]:
        table, row = TABLES.get(self.table), self.before or self.after or {}
        if table is None or (self.id and len(table.key) == 1):
            return self.table, (self.id,)
        values = tuple(row.get(column) for column in table.known_by or table.key)
        return self.table, (table.known_by, *values) if table.known_by else values

    @property
    def is_update(self) -> bool:
        return self.before is not None and self.after is not None

    @property
    def inverse(self) -> RowChange:
        return replace(self, before=self.after, after=self.before)

    def then(self, later: RowChange) -> RowChange:
        """Join two changes of one row. Those of a player may hold single columns, so the columns of both count."""
        before, after = self.before, later.after
        if self.table == "player":
            before = None if before is None else {**(later.before or {}), **before}
            after = None if after is None else {**(self.after or {}), **after}
        return RowChange(self.table, self.id, before, after, {**later.names, **self.names})

    def by(self, author: Author) -> RowChange:
        """Add what depends on who writes it."""
        return self if self.after is None else replace(self, after={**self.after, **self._signed(self.after, author)})

    def _signed(self, after: Row, author: Author) -> Row:
        match self.table:
            case "link":
                return {
                    "link_source": author.link_source,
                    "confidence": author.confidence,
                    "linked_by": author.actor,
                    **author.stands_for(after["basis"]),
                }
            case "player":
                made = {"created_by": author.actor} if self.before is None else {}
                if after.get("discord_user_id") is not None:
                    return {**made, **author.stands_for(after["discord_basis"], "discord_")}
                return made
            case "alias" if self.before is None:
                source = "match" if author.link_source == LEARNED_BY_MATCH else "person"
                return {"created_by": author.actor, "source": source}
            case "rejection" if "reason" in after:
                return {"rejected_by": author.actor}
            case "shared":
                return {"marked_by": author.actor}
            case "hiatus" if "reason" in after:
                return {"set_by": author.actor}
        return {}

    def as_json(self) -> dict[str, Any]:
        return {"table": self.table, "id": self.id, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class RoleChange:
    """One role on Discord that a member holds afterwards, or holds no longer."""

    member_id: int
    role_id: str
    held: bool
    member: str = field(default="", compare=False)
    role: str = field(default="", compare=False)

    @property
    def inverse(self) -> RoleChange:
        return replace(self, held=not self.held)

    @property
    def names(self) -> NameOf:
        return {("member", self.member_id): self.member, ("role", self.role_id): self.role}

    def as_json(self) -> dict[str, Any]:
        before, after = ({"role_id": self.role_id, "held": held} for held in (not self.held, self.held))
        return {"table": "role", "id": self.member_id, "before": before, "after": after}


class PlanClass(StrEnum):
    """Who may have a changeset applied. Automation applies only what is safe, whatever a guild has switched on."""

    SAFE = "safe"
    NEEDS_CLICK = "needs_click"
    SHOWN_ONLY = "shown_only"


@dataclass(frozen=True, slots=True)
class Changeset:
    """What a fix or a decision would change, and why.

    Where it changes nothing, nothing can be done, and `reason` says why. A rule says whether it `is_safe` to be applied
    without a person; `waits_for_officer` names what keeps automation from it, and `not_in_bulk` what keeps Fix All from it.
    """

    rows: tuple[RowChange, ...]
    reason: str
    waits_for_officer: str | None = None
    not_in_bulk: str | None = None
    is_safe: bool = False
    roles: tuple[RoleChange, ...] = ()

    @classmethod
    def none(cls, reason: str) -> Changeset:
        return cls((), reason, waits_for_officer=reason)

    @property
    def changes(self) -> tuple[RowChange | RoleChange, ...]:
        return (*self.rows, *self.roles)

    @property
    def names(self) -> NameOf:
        return {thing: name for change in self.changes for thing, name in change.names.items()}

    @property
    def plan_class(self) -> PlanClass:
        if not self.changes:
            return PlanClass.SHOWN_ONLY
        is_held = self.waits_for_officer or self.not_in_bulk
        return PlanClass.SAFE if self.is_safe and not is_held else PlanClass.NEEDS_CLICK

    @property
    def why_not_automatic(self) -> str | None:
        """Why automation leaves it to an officer; None for a safe one."""
        why = self.waits_for_officer or self.not_in_bulk or tr(CLICK_ONLY)
        return None if self.plan_class is PlanClass.SAFE else why

    @property
    def created(self) -> Mapping[int, Row]:
        """The players that it makes, by the numbers that stand for them."""
        return {row.id: row.after for row in self.rows if row.table == "player" and row.before is None and row.after}

    @property
    def linked(self) -> Mapping[int, int]:
        """The players that characters are linked to, by character."""
        return {row.id: row.after["player_id"] for row in self.rows if row.table == "link" and row.after}

    @property
    def key(self) -> str:
        """SHA-256 of what it does: equal for two with the same effect on the same rows.

        Which of a batch creates the player that several of them give characters to depends on what else is planned, so that
        does not count where the others tell which player they mean; nor does the number that stands for a new player. Its name
        does: an officer who saw one name does not get another.
        """
        created = [number for number, row in self.created.items() if number != -(row["discord_user_id"] or 0)]
        number_of = {number: NEW_PLAYER - place for place, number in enumerate(created)}
        rows = [_effect(row, number_of) for row in self.rows if row.id in created or row.id not in self.created]
        called = [["name", self.created[number]["display_name"]] for number in created]
        roles = [["role", role.member_id, role.role_id, role.held] for role in self.roles]
        return hashlib.sha256(json.dumps([*rows, *called, *roles], sort_keys=True).encode()).hexdigest()


_COUNTS: Mapping[str, tuple[str, ...]] = {
    "player": ("discord_user_id", "main_character_id", "offspec_character_id"),
    "alias": ("alias_key", "player_id"),
    "link": ("player_id",),
    "rejection": ("character_id", "discord_user_id", "player_id", "is_unlinking"),
    "shared": ("character_id",),
    "hiatus": ("player_id", "until"),
}
"""The columns that say what a change does, without the names and sentences that may be reworded."""


def _effect(change: RowChange, number_of: Mapping[int, int]) -> list[Any]:
    sides = [
        row and {name: number_of.get(row[name], row[name]) for name in _COUNTS[change.table] if name in row}
        for row in (change.before, change.after)
    ]
    return [change.table, number_of.get(change.id, change.id), *sides]


def fold(changes: Iterable[RowChange]) -> list[RowChange]:
    """One change for each row: from its first state to its last; nothing for a row that came and went."""
    folded: dict[tuple[str, Key], RowChange] = {}
    for change in changes:
        earlier = folded.get(change.key)
        folded[change.key] = change if earlier is None else earlier.then(change)
    return [change for change in folded.values() if change.before != change.after]


def link(
    character: Named, player: Named, evidence: str, basis: LinkEvidence = "note", *, former: Named | None = None
) -> RowChange:
    """Give a character to a player, or move it from its `former` one; with the same player, confirm the link.

    `basis` is what the link rests on where it is not an officer's own decision.
    """
    before = {"player_id": former.id} if former else None
    after = {"player_id": player.id, "evidence": evidence, "basis": basis}
    return RowChange("link", character.id, before, after, _named(characters=[character], players=[former, player]))


def unlink(character: Named, player: Named) -> RowChange:
    names = _named(characters=[character], players=[player])
    return RowChange("link", character.id, {"player_id": player.id}, None, names)


def create_player(
    number: int, name: str, member: Named | None = None, main: Named | None = None, basis: LinkEvidence = "name"
) -> RowChange:
    """Make a new player, meant by a negative `number` (see `NEW_PLAYER`); `basis`: why it is the Discord member."""
    after = {
        "display_name": name,
        "discord_user_id": member.id if member else None,
        "discord_basis": basis if member else None,
        "main_character_id": main.id if main else None,
    }
    names = _named(characters=[main], players=[Named(number, name)], members=[member])
    return RowChange("player", number, None, after, names)


def delete_player(player: Named, member_id: int | None, merged_into: Named) -> RowChange:
    """Delete a player who is the same person as another, when nothing is left to it but its Discord member."""
    names = _named(players=[player, merged_into])
    return RowChange("player", player.id, {"discord_user_id": member_id}, None, names)


def attach_member(player: Named, member: Named, basis: LinkEvidence = "name") -> RowChange:
    """Set the Discord member of a player without one. `basis`: what that rests on without an officer's decision."""
    after = {"discord_user_id": member.id, "discord_basis": basis}
    return _of_member(player, member, {"discord_user_id": None}, after)


def confirm_member(player: Named, member: Named) -> RowChange:
    """Confirm the Discord member that evidence gave to a player."""
    before = {"discord_user_id": member.id, "discord_confirmed_by": None}
    return _of_member(player, member, before, {"discord_user_id": member.id, "discord_basis": "name"})


def detach_member(player: Named, member: Named) -> RowChange:
    after = dict.fromkeys(("discord_user_id", "discord_basis", "discord_confirmed_by", "discord_confirmed_at"))
    return _of_member(player, member, {"discord_user_id": member.id}, after)


def _of_member(player: Named, member: Named, before: Row, after: Row) -> RowChange:
    return RowChange("player", player.id, before, after, _named(players=[player], members=[member]))


def set_main(player: Named, character: Named, former: Named | None) -> RowChange:
    return _pointer("main_character_id", player, character, former)


def set_offspec(player: Named, character: Named) -> RowChange:
    return _pointer("offspec_character_id", player, character, None)


def _pointer(column: str, player: Named, character: Named, former: Named | None) -> RowChange:
    names = _named(characters=[character, former], players=[player])
    return RowChange("player", player.id, {column: former.id if former else None}, {column: character.id}, names)


def remember_alias(player: Named, alias: str) -> RowChange:
    return RowChange("alias", 0, None, _word(player, alias), _named(players=[player]))


def forget_alias(player: Named, alias: str) -> RowChange:
    return RowChange("alias", 0, _word(player, alias), None, _named(players=[player]))


def move_alias(player: Named, former: Named, alias: str) -> RowChange:
    """Let an alias mean another player; who decided it stays."""
    return RowChange("alias", 0, _word(former, alias), _word(player, alias), _named(players=[former, player]))


def _word(player: Named, alias: str) -> Row:
    return {"player_id": player.id, "alias": alias, "alias_key": name_key(alias)}


def reject(
    player: Named,
    *,
    character: Named | None = None,
    member: Named | None = None,
    why: str,
    is_unlinking: bool = False,
    was_unlinked: bool = False,
) -> RowChange:
    """Record that a player is not a character's owner, or not a Discord member, whatever notes and names say.

    `is_unlinking`: it comes from unlinking, and an officer who links the two again undoes it by that. `was_unlinked`: an
    unlinking becomes a rejection.
    """
    before = _rejected(player, character, member, is_unlinking=True) if was_unlinked else None
    after = {**_rejected(player, character, member, is_unlinking=is_unlinking), "reason": why}
    return RowChange("rejection", 0, before, after, _named([character], [player], [member]))


def forget_rejection(
    player: Named, *, character: Named | None = None, member: Named | None = None, is_unlinking: bool
) -> RowChange:
    before = _rejected(player, character, member, is_unlinking=is_unlinking)
    return RowChange("rejection", 0, before, None, _named([character], [player], [member]))


def move_rejection(
    player: Named, former: Named, *, character: Named | None = None, member: Named | None = None, is_unlinking: bool
) -> RowChange:
    """Let a rejection be about another player; who decided it stays."""
    before, after = (_rejected(each, character, member, is_unlinking=is_unlinking) for each in (former, player))
    return RowChange("rejection", 0, before, after, _named([character], [former, player], [member]))


def mark_shared(character: Named, why: str) -> RowChange:
    """Record that a character is a bank, or is played by several people, so that it has no player."""
    after = {"character_id": character.id, "reason": why}
    return RowChange("shared", character.id, None, after, _named([character]))


def unmark_shared(character: Named) -> RowChange:
    return RowChange("shared", character.id, {"character_id": character.id}, None, _named([character]))


def set_hiatus(player: Named, until: str | None, why: str, *, former: Row | None = None) -> RowChange:
    """Record that a player is away until a day, written as ISO 8601 does, or without a return date.

    `former` is what was recorded before, with its `until`.
    """
    before = {"player_id": player.id, **former} if former is not None else None
    return RowChange(
        "hiatus", 0, before, {"player_id": player.id, "until": until, "reason": why}, _named(players=[player])
    )


def end_hiatus(player: Named, until: str | None) -> RowChange:
    return RowChange("hiatus", 0, {"player_id": player.id, "until": until}, None, _named(players=[player]))


def move_hiatus(player: Named, former: Named, until: str | None) -> RowChange:
    """Let it be another player who is away; who said so stays."""
    before, after = ({"player_id": each.id, "until": until} for each in (former, player))
    return RowChange("hiatus", 0, before, after, _named(players=[former, player]))


def _rejected(player: Named, character: Named | None, member: Named | None, *, is_unlinking: bool) -> Row:
    return {
        "character_id": character.id if character else None,
        "discord_user_id": member.id if member else None,
        "player_id": player.id,
        "is_unlinking": is_unlinking,
    }


def _named(
    characters: Iterable[Named | None] = (), players: Iterable[Named | None] = (), members: Iterable[Named | None] = ()
) -> NameOf:
    names: dict[Thing, str] = {("character", each.id): each.name for each in characters if each}
    names |= {("player", each.id): each.name for each in players if each}
    return names | {("member", each.id): each.name for each in members if each}
