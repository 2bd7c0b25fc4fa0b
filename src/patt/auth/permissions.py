"""What a Discord member may do in a guild, read from this installation's own data, never from a browser.

A role is granted by a Discord role of the guild's server, or by the rank of a character that is linked to the member. The
syncs read both, so a member who is demoted or leaves the server loses the role with the next sync.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Annotated, Any, Literal, get_args

from psycopg.rows import kwargs_row
from pydantic import Field

from sv_common.db.pool import Connection, GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.basis import basis_in_words, counts_by_account_in_words
from sv_common.guild_sync.core.errors import BadInput, NotFound, PlanStale
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.identity.decisions import LinkCharacterToMember
from sv_common.guild_sync.identity_engine import decide_in_transaction

SQL = load_sql(__package__, "permissions.sql")

Role = Literal["viewer", "officer", "administrator"]
"""What an account may do: look, also decide and change data, also change settings. Each includes those before it."""

ROLES: tuple[Role, ...] = get_args(Role)
Kind = Literal["discord_role", "rank"]
Given = Literal["none", "viewer", "officer", "administrator"]
"""What a Discord role or a rank gives."""

GIVEN: tuple[Given, ...] = get_args(Given)


@dataclass(frozen=True, slots=True)
class Grant:
    """A member of a guild's Discord server, with one thing that gives them a role; `role` is None without any.

    `same_account` is the character by whose link its own counts, where no person stands for that.
    """

    guild_id: int
    guild: str
    discord_id: str
    username: str
    display_name: str
    kind: Kind | None
    because: str | None
    character_id: int | None
    is_confirmed: bool | None
    role: Role | None
    player: str | None = None
    basis: str | None = None
    basis_note: str | None = None
    is_link_confirmed: bool = False
    is_member_confirmed: bool = False
    same_account: Mapping[str, Any] | None = None

    @property
    def by_account(self) -> str | None:
        """By which other character its link counts; None where it does not, or needs none."""
        return None if self.same_account is None else counts_by_account_in_words(self.same_account)

    @property
    def given(self) -> Role | None:
        """What it gives now. An officer's rank lets its member only look, until a person confirms whose the character is."""
        if self.role is None or self.is_confirmed:
            return self.role
        return "viewer" if self.role == "officer" else None

    @property
    def why_waiting(self) -> str | None:
        """Who has to confirm it, and what it rests on until then; None if it gives all that it can."""
        if self.role is None or self.is_confirmed:
            return None
        reasons = []
        if not self.is_link_confirmed and self.by_account is None:
            reasons.append(
                tr(
                    "The link to {player} is based on {basis}.",
                    player=self.player,
                    basis=basis_in_words(self.basis, self.basis_note),
                )
            )
        if not self.is_member_confirmed:
            reasons.append(
                tr(
                    "An officer has to confirm that {player} is @{username} on Discord.",
                    player=self.player,
                    username=self.username,
                )
            )
        if self.role == "administrator":
            reasons.append(tr("An administrator has to confirm it."))
        return " ".join(reasons)


@dataclass(frozen=True, slots=True)
class Permission:
    """What a member may do in one guild, by which grant, and which grants would give more once they are confirmed.

    `by_account` says why the grant counts though no person stands for its link; None where one does.
    """

    guild_id: int
    guild: str
    discord_id: str
    username: str
    display_name: str
    role: Role | None
    because: str | None
    by_account: str | None
    waiting: tuple[Grant, ...]


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
        bool, Field(description="Whether fixes give and take it, so that it cannot make an administrator.")
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


def includes(role: Role, wanted: Role) -> bool:
    """Whether a role may do all that another one may."""
    return ROLES.index(role) >= ROLES.index(wanted)


async def of_member(conn: Connection, discord_id: str) -> list[Permission]:
    """Return what a Discord user may do in each guild whose server they are on."""
    return _permissions(await _grants(conn, None, discord_id))


async def in_guild(guild: GuildConnection) -> list[Permission]:
    """Return the members who may do something in a guild, or have a grant to be confirmed; by name."""
    return [each for each in _permissions(await _grants(guild.conn, guild.id, None)) if each.role or each.waiting]


async def administrators(guild: GuildConnection) -> list[Permission]:
    return [each for each in await in_guild(guild) if each.role == "administrator"]


async def mapping(guild: GuildConnection) -> list[Mapped]:
    """Return what each rank and each Discord role of a guild gives; ranks first."""
    return await guild.all(_mapped, SQL["mapping"])


async def preview(guild: GuildConnection, change: Change) -> Preview:
    """Return who would gain or lose what, and change nothing. Raises `NotFound` and `BadInput`."""
    label = await _checked(guild, change)
    before = await in_guild(guild)
    async with guild.conn.transaction(force_rollback=True):
        await _set(guild, change, "preview")
        after = await in_guild(guild)
    return Preview(change, label, _moved(before, after))


async def decide(guild: GuildConnection, change: Change, *, actor: str, seen: str | None = None) -> Preview:
    """Let a Discord role or a rank give a role; return who gained or lost what.

    Raises `NotFound`, `BadInput`, and `PlanStale` if it would do something else than what was previewed (`Preview.key`).
    """
    async with guild.conn.transaction():
        await guild.run("lock table common.access_grants in share row exclusive mode")
        planned = await preview(guild, change)
        if seen not in (None, planned.key):
            raise PlanStale(tr("Members, ranks or roles have changed since the preview. Preview it again."))
        await _set(guild, change, actor)
    return planned


async def confirm(guild: GuildConnection, discord_id: str, character_id: int, *, actor: str) -> Grant:
    """Confirm as an administrator that a character is this member's, so that its rank counts; return the grant.

    If a link between character and member is not confirmed yet, that is recorded as an officer's decision, which can be
    undone. Raises `NotFound`.
    """
    grants = [grant for grant in await _grants(guild.conn, guild.id, discord_id) if grant.character_id == character_id]
    if not grants:
        raise NotFound(tr("This member has no character whose rank gives access. Reload the list."))
    grant = grants[0]
    if not (grant.is_link_confirmed and grant.is_member_confirmed):
        await decide_in_transaction(guild, LinkCharacterToMember(str(character_id), discord_id), actor=actor)
    if grant.role == "administrator":
        await guild.run(SQL["confirm"], discord_id=discord_id, character_id=character_id, actor=actor)
    return grant


async def strong_grants(guild: GuildConnection, discord_id: str) -> list[Grant]:
    """Return the grants by which a member may do more than look."""
    return [grant for grant in await _grants(guild.conn, guild.id, discord_id) if grant.given not in (None, "viewer")]


async def _set(guild: GuildConnection, change: Change, actor: str) -> None:
    await guild.run(SQL["set"], kind=change.kind, key=change.key, role=change.role, actor=actor)


async def _checked(guild: GuildConnection, change: Change) -> str:
    """Return the label of what is to give a role. Raises `NotFound`, and `BadInput` if it may not give this one."""
    known = {(each.kind, each.key): each for each in await mapping(guild)}
    mapped = known.get((change.kind, change.key))
    if mapped is None:
        raise NotFound(
            tr("key: the guild has no Discord role {key}. Choose one from the list.", key=change.key)
            if change.kind == "discord_role"
            else tr("key: the guild has no rank {key}. Choose one from the list.", key=change.key)
        )
    if mapped.is_managed and change.role == "administrator":
        raise BadInput(
            tr(
                "role: PATT assigns the Discord role {role} by rank, so it cannot make an administrator. Choose "
                "a role that PATT does not assign.",
                role=mapped.label,
            )
        )
    return mapped.label


async def _grants(conn: Connection, guild_id: int | None, discord_id: str | None) -> list[Grant]:
    async with conn.cursor(row_factory=kwargs_row(_grant)) as cursor:
        values = {"guild_id": guild_id, "discord_id": discord_id}
        return await (await cursor.execute(SQL["grants"], values)).fetchall()


def _grant(*, because: str | None, unnamed_rank: int | None, **columns: Any) -> Grant:
    if unnamed_rank is not None:
        rank = tr("rank {index}", index=unnamed_rank)
        because = f"{because} ({rank})"
    return Grant(because=because, **columns)


def _mapped(*, label: str | None, **columns: Any) -> Mapped:
    return Mapped(label=tr("(gone)") if label is None else label, **columns)


def _permissions(grants: Sequence[Grant]) -> list[Permission]:
    grouped = groupby(grants, lambda grant: (grant.guild_id, grant.discord_id))
    return [_permission(list(of_one)) for _, of_one in grouped]


def _permission(grants: Sequence[Grant]) -> Permission:
    giving = [(ROLES.index(grant.given), grant) for grant in grants if grant.given is not None]
    best = max(giving, key=lambda each: each[0], default=None)
    height = best[0] if best else -1
    waiting = tuple(each for each in grants if each.role and not each.is_confirmed and ROLES.index(each.role) > height)
    one = grants[0]
    who = one.guild_id, one.guild, one.discord_id, one.username, one.display_name
    if best is None:
        return Permission(*who, None, None, None, waiting)
    by_account = best[1].by_account if ROLES[height] != "viewer" else None
    return Permission(*who, ROLES[height], best[1].because, by_account, waiting)


def _moved(before: Sequence[Permission], after: Sequence[Permission]) -> tuple[Moved, ...]:
    earlier, later = ({each.discord_id: each.role for each in permissions} for permissions in (before, after))
    names = {each.discord_id: each.display_name for each in (*after, *before)}
    moved = (Moved(name, earlier.get(member), later.get(member)) for member, name in names.items())
    return tuple(sorted((each for each in moved if each.before != each.after), key=lambda each: each.name.lower()))
