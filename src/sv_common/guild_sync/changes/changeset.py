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
from sv_common.guild_sync.core.language import mark, tr

Thing: TypeAlias = tuple[Literal["character", "player", "member", "role"], int | str]
NameOf: TypeAlias = Mapping[Thing, str]

NEW_PLAYER = -(10**12)
"""Stands for a player that gets its number when it is made, as do the numbers below it. One that is made for a Discord
member has minus the member's number instead, whatever else is planned."""

LEARNED_BY_MATCH = "full_match"
"""Link source of a full match, whose aliases count only while a note of the player's own characters has them."""

MANUAL = "manual"
"""Link source of an officer's own decision."""

DECIDED_BY_A_PERSON = frozenset({MANUAL, "officer_fix"})
"""Link sources that automation never changes."""

CLAIMED = "claim"
"""Link source of what a member has proven by signing in with Battle.net."""

PROVEN = mark("a Battle.net sign-in proved this.")
"""The evidence of a link that its member has proven."""

DECIDED = mark("an officer decided this.")
"""The evidence of a link, and the reason of a rejection or a mark, for which an officer gave no other."""

UNLINKED = mark("an officer unlinked it.")
MEMBER_UNLINKED = mark("an officer unlinked them.")

OWN_REASONS = frozenset({DECIDED, UNLINKED, MEMBER_UNLINKED, PROVEN})
"""Reasons of PATT's own. They are stored in English, so that they are known again, and translated where they are shown."""

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

    def stands_for(self, evidence: str, prefix: str = "", *, is_same: bool = False) -> Row:
        """Return what a link rests on, as columns. What an officer confirmed stays confirmed where the same is proven."""
        if is_same and evidence == "proven":
            return {f"{prefix}basis": evidence}
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
            case "link" if after.get("link_source") == MANUAL:  # an officer's earlier decision, which counts again
                return {}
            case "link":
                is_same = self.before is not None and self.before["player_id"] == after["player_id"]
                return {
                    "link_source": author.link_source,
                    "confidence": author.confidence,
                    "linked_by": author.actor,
                    **author.stands_for(after["basis"], is_same=is_same),
                }
            case "player":
                made = {"created_by": author.actor} if self.before is None else {}
                if after.get("discord_user_id") is not None:
                    is_same = (self.before or {}).get("discord_user_id") == after["discord_user_id"]
                    return {**made, **author.stands_for(after["discord_basis"], "discord_", is_same=is_same)}
                return made
            case "alias" if self.before is None:
                source = "match" if author.link_source == LEARNED_BY_MATCH else "person"
                return {"created_by": author.actor, "source": source}
            case "rejection" if "reason" in after:
                return {"rejected_by": author.actor}
            case "shared" | "account":
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
    def is_by_account(self) -> bool:
        """Whether it does nothing but link characters to the player of their account."""
        return bool(self.changes) and all(
            isinstance(each, RowChange) and each.table == "link" and (each.after or {}).get("basis") == "account"
            for each in self.changes
        )

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
    "account": ("character_id",),
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
