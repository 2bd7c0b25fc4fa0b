"""Carrying out role steps on Discord: look first, add before removing, look again, and remember what was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sv_common.guild_sync.domain.errors import PattError, Refused
from sv_common.guild_sync.domain.guild import DiscordMember
from sv_common.guild_sync.domain.plan import AddDiscordRole, Plan, RemoveDiscordRole
from sv_common.guild_sync.ports import DiscordSource
from sv_common.guild_sync.store.links import Change


@dataclass(frozen=True, slots=True)
class Member:
    """A Discord member as the database and Discord know them."""

    row_id: int
    discord_id: str
    discord_guild_id: str


@dataclass(frozen=True, slots=True)
class RoleOutcome:
    """What was done to one member: the changes made, the roles held afterwards, and what went wrong, if anything."""

    changes: Sequence[Change]
    roles: Sequence[str] | None
    error: str | None = None


async def carry_out(discord: DiscordSource, member: Member, plan: Plan, *, reason: str) -> RoleOutcome:
    """Carry out a plan of role steps for one member.

    A failure half-way leaves the member with the right role and perhaps a wrong one too, never with none; the outcome
    holds what was changed until then, so that it is logged and can be undone.
    """
    changes: list[Change] = []
    try:
        before = await _fetch(discord, member)
        for step in plan.steps:
            changes += await _carry_out_step(discord, member, step, set(before.role_ids), reason)
        after = await _fetch(discord, member)
    except PattError as error:
        return RoleOutcome(changes, None, str(error))
    return RoleOutcome(changes, sorted(after.role_ids))


async def put_back(discord: DiscordSource, member: Member, changes: Sequence[Change], *, reason: str) -> list[str]:
    """Undo role changes of one member, roles taken first given back; return the roles held afterwards.

    Raises `Refused` when the member's roles are no longer as written, and `SourceError` when Discord cannot be reached.
    """
    held = set((await _fetch(discord, member)).role_ids)
    for change in changes:
        role_id = (change["after"] or {})["role_id"]
        if (role_id in held) is not (change["after"] or {})["held"]:
            raise Refused("The member's roles were changed on Discord since, so this can no longer be undone.")
    for change in sorted(changes, key=lambda each: bool((each["after"] or {})["held"])):
        role_id = (change["after"] or {})["role_id"]
        if (change["after"] or {})["held"]:
            await discord.remove_role(member.discord_guild_id, member.discord_id, role_id, reason=reason)
        else:
            await discord.add_role(member.discord_guild_id, member.discord_id, role_id, reason=reason)
    return sorted((await _fetch(discord, member)).role_ids)


async def _carry_out_step(
    discord: DiscordSource, member: Member, step: object, held: set[str], reason: str
) -> list[Change]:
    match step:
        case AddDiscordRole(role_id=role_id) if role_id not in held:
            await discord.add_role(member.discord_guild_id, member.discord_id, role_id, reason=reason)
            return [_change(member, role_id, held=True)]
        case RemoveDiscordRole(role_id=role_id) if role_id in held:
            await discord.remove_role(member.discord_guild_id, member.discord_id, role_id, reason=reason)
            return [_change(member, role_id, held=False)]
        case AddDiscordRole() | RemoveDiscordRole():
            return []
        case _:
            raise TypeError(f"{type(step).__name__} is not a step on Discord")


def _change(member: Member, role_id: str, *, held: bool) -> Change:
    return Change(
        table="role",
        id=member.row_id,
        before={"role_id": role_id, "held": not held},
        after={"role_id": role_id, "held": held},
    )


async def _fetch(discord: DiscordSource, member: Member) -> DiscordMember:
    found = await discord.fetch_member(member.discord_guild_id, member.discord_id)
    if found is None:
        raise Refused("This person is no longer on the Discord server.")
    return found
