"""What a Discord member may do in a guild: asked from this installation's own data, never from a browser.

A Discord role of the guild's server gives a role here, or the rank of a character that is linked to the member. What is
known of both comes from the syncs, so whoever is demoted or leaves the server loses the role with the next sync.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Annotated, Literal, get_args

from psycopg.rows import class_row
from pydantic import Field

from patt.auth.roles import ROLES, Role
from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.basis import basis_in_words
from sv_common.guild_sync.core.errors import BadInput, NotFound, PlanStale
from sv_common.guild_sync.identity.decisions import LinkCharacterToMember
from sv_common.guild_sync.identity_engine import decide_in_transaction
from sv_common.guild_sync.roster import guilds

SQL = load_sql(__package__, "permissions.sql")

Kind = Literal["discord_role", "rank"]
Given = Literal["none", "viewer", "officer", "administrator"]
"""What a Discord role or a rank gives."""

KINDS: tuple[Kind, ...] = get_args(Kind)
GIVEN: tuple[Given, ...] = get_args(Given)


@dataclass(frozen=True, slots=True)
class Claim:
    """A member of a guild's Discord server, with one thing that gives them a role; None in `role` for nothing at all."""

    guild_id: int
    guild: str
    discord_id: str
    username: str
    display_name: str
    kind: Kind | None
    because: str | None
    character_id: int | None
    is_vouched: bool | None
    role: Role | None
    player: str | None = None
    basis: str | None = None
    basis_note: str | None = None
    is_link_vouched: bool = False
    is_member_vouched: bool = False

    @property
    def given(self) -> Role | None:
        """What it gives. By a rank that makes somebody an officer, a look, until a person vouches for whose the character is."""
        if self.role is None or self.is_vouched:
            return self.role
        return "viewer" if self.role == "officer" else None

    @property
    def why_waiting(self) -> str | None:
        """Whose word it waits for, and what it rests on until then; None where it gives all that it can."""
        if self.role is None or self.is_vouched:
            return None
        reasons = []
        if not self.is_link_vouched:
            reasons.append(f"That it is {self.player}’s rests on {basis_in_words(self.basis, self.basis_note)}.")
        if not self.is_member_vouched:
            reasons.append(f"No officer has confirmed that {self.player} is @{self.username} on Discord.")
        if self.role == "administrator":
            reasons.append("An administrator has to confirm it.")
        return " ".join(reasons)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a member may do in one guild, by which claim, and which claims wait for somebody's word and would give more."""

    guild_id: int
    guild: str
    discord_id: str
    username: str
    display_name: str
    role: Role | None
    because: str | None
    waiting: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A rank or a Discord role of the guild, and the role that it gives here."""

    kind: Kind
    key: Annotated[str, Field(description="The number of the rank, or the id of the Discord role.", examples=["0"])]
    label: Annotated[str, Field(examples=["Guild Master"])]
    role: Given
    set_by: Annotated[str | None, Field(description="Who has set it; null for the default.")]
    set_at: datetime | None
    is_managed: Annotated[
        bool, Field(description="Whether fixes give and take it, so that it can make nobody an administrator.")
    ]


@dataclass(frozen=True, slots=True)
class Change:
    """What a Discord role or a rank is to give."""

    kind: Kind
    key: Annotated[
        str,
        Field(
            pattern=r"^[0-9]{1,20}$",
            description="The number of the rank, or the id of the Discord role.",
            examples=["1"],
        ),
    ]
    role: Given


@dataclass(frozen=True, slots=True)
class Moved:
    """What one person may do before and after a change."""

    name: str
    before: Role | None
    after: Role | None


@dataclass(frozen=True, slots=True)
class Preview:
    """Who would gain or lose what by a change. `key` stands for just this outcome."""

    change: Change
    label: str
    moved: tuple[Moved, ...]

    @property
    def key(self) -> str:
        """A hash of the change and all that it does to people."""
        return hashlib.sha256(repr((self.change, self.moved)).encode()).hexdigest()[:32]


async def standings_of(conn: Connection, discord_id: str) -> list[Standing]:
    """Return what somebody may do in each guild whose Discord server they are on."""
    return _standings(await _claims(conn, None, discord_id))


async def standings_in(conn: Connection, guild_id: int) -> list[Standing]:
    """Return everybody who may do something in a guild, or who waits for an administrator's word; by name."""
    return [each for each in _standings(await _claims(conn, guild_id, None)) if each.role or each.waiting]


async def administrators(conn: Connection, guild_id: int) -> list[Standing]:
    """Return the administrators of a guild among its Discord members, by name."""
    return [each for each in await standings_in(conn, guild_id) if each.role == "administrator"]


async def mapping(conn: Connection, guild_id: int) -> list[Mapped]:
    """Return what each rank and each Discord role of a guild gives; ranks first."""
    async with conn.cursor(row_factory=class_row(Mapped)) as cursor:
        return await (await cursor.execute(SQL["mapping"], {"guild_id": guild_id})).fetchall()


async def preview(conn: Connection, guild_id: int, change: Change) -> Preview:
    """Say who would gain or lose what. Nothing is changed. Raises `NotFound` and `BadInput`."""
    label = await _checked(conn, guild_id, change)
    before = await standings_in(conn, guild_id)
    async with conn.transaction(force_rollback=True):
        await _set(conn, guild_id, change, "preview")
        after = await standings_in(conn, guild_id)
    return Preview(change, label, _moved(before, after))


async def decide(conn: Connection, guild_id: int, change: Change, *, actor: str, seen: str | None = None) -> Preview:
    """Let a Discord role or a rank give a role; return who gained or lost what.

    Raises `NotFound`, `BadInput`, and `PlanStale` where it would do something else than what was seen (`Preview.key`).
    """
    async with conn.transaction():
        await conn.execute("lock table common.guild_authority in share row exclusive mode")
        planned = await preview(conn, guild_id, change)
        if seen not in (None, planned.key):
            raise PlanStale("Members, ranks or roles have changed since this was previewed. Look at the preview again.")
        await _set(conn, guild_id, change, actor)
    return planned


async def vouch(conn: Connection, guild_id: int, discord_id: str, character_id: int, *, actor: str) -> Claim:
    """Stand as an administrator for it that a character is this member's, so that its rank counts; return the claim.

    Where nobody vouched for the way from the character to the member, that is recorded as a decision by hand, which can be
    undone. Raises `NotFound`.
    """
    await guilds.lock(conn, guild_id)
    claims = [claim for claim in await _claims(conn, guild_id, discord_id) if claim.character_id == character_id]
    if not claims:
        raise NotFound("This member has no character whose rank gives a role. Look at the list of people again.")
    claim = claims[0]
    if not (claim.is_link_vouched and claim.is_member_vouched):
        await decide_in_transaction(conn, guild_id, LinkCharacterToMember(str(character_id), discord_id), actor=actor)
    if claim.role == "administrator":
        values = {"guild_id": guild_id, "discord_id": discord_id, "character_id": character_id, "actor": actor}
        await conn.execute(SQL["vouch"], values)
    return claim


async def powers(conn: Connection, guild_id: int, discord_id: str) -> list[Claim]:
    """Return the claims that give a member more than a look."""
    return [claim for claim in await _claims(conn, guild_id, discord_id) if claim.given not in (None, "viewer")]


async def _set(conn: Connection, guild_id: int, change: Change, actor: str) -> None:
    values = {"guild_id": guild_id, "kind": change.kind, "key": change.key, "role": change.role, "actor": actor}
    await conn.execute(SQL["set"], values)


async def _checked(conn: Connection, guild_id: int, change: Change) -> str:
    """Return the label of what is to give a role, if it is there and may give this one."""
    known = {(each.kind, each.key): each for each in await mapping(conn, guild_id)}
    mapped = known.get((change.kind, change.key))
    if mapped is None:
        what = "Discord role" if change.kind == "discord_role" else "rank"
        raise NotFound(f"key: the guild has no {what} {change.key}. The page lists those that it has.")
    if mapped.is_managed and change.role == "administrator":
        raise BadInput(
            f"role: fixes give and take the Discord role {mapped.label} by rank, and officers ask for fixes. So it makes "
            "nobody an administrator; choose a role that only Discord's own administrators give."
        )
    return mapped.label


async def _claims(conn: Connection, guild_id: int | None, discord_id: str | None) -> list[Claim]:
    async with conn.cursor(row_factory=class_row(Claim)) as cursor:
        values = {"guild_id": guild_id, "discord_id": discord_id}
        return await (await cursor.execute(SQL["claims"], values)).fetchall()


def _standings(claims: Sequence[Claim]) -> list[Standing]:
    grouped = groupby(claims, lambda claim: (claim.guild_id, claim.discord_id))
    return [_standing(list(of_one)) for _, of_one in grouped]


def _standing(claims: Sequence[Claim]) -> Standing:
    """Take the strongest claim that counts; what waits is of interest only where it would give more."""
    giving = [(ROLES.index(claim.given), claim) for claim in claims if claim.given is not None]
    best = max(giving, key=lambda each: each[0], default=None)
    height = best[0] if best else -1
    waiting = tuple(c for c in claims if c.role and not c.is_vouched and ROLES.index(c.role) > height)
    one = claims[0]
    role, because = (ROLES[height], best[1].because) if best else (None, None)
    return Standing(one.guild_id, one.guild, one.discord_id, one.username, one.display_name, role, because, waiting)


def _moved(before: Sequence[Standing], after: Sequence[Standing]) -> tuple[Moved, ...]:
    earlier, later = ({each.discord_id: each for each in standings} for standings in (before, after))
    people = {**later, **earlier}
    moves = [
        Moved(
            each.display_name,
            earlier[number].role if number in earlier else None,
            later[number].role if number in later else None,
        )
        for number, each in sorted(people.items(), key=lambda item: item[1].display_name.lower())
    ]
    return tuple(move for move in moves if move.before != move.after)
