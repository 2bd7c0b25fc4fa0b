"""Carrying out role steps on Discord: check first, add before removing, look again, and remember what was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sv_common.guild_sync.domain.errors import PattError, Refused, SourceDenied, SourceError, SourceUnavailable
from sv_common.guild_sync.domain.guild import DiscordMember
from sv_common.guild_sync.domain.plan import AddDiscordRole, Plan, RemoveDiscordRole, Step
from sv_common.guild_sync.domain.role_authority import RoleAuthority
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
    """What was done to one member: the changes made, the roles held afterwards, and what went wrong, if anything.

    With `is_refused`, an obstacle was found before anything was asked of Discord; `error` names it and its remedy.
    """

    changes: Sequence[Change]
    roles: Sequence[str] | None
    error: str | None = None
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One role to give (or else to take)."""

    role_id: str
    name: str
    give: bool


class _Obstacle(Refused):
    """Discord would not let the bot do this, so nothing was tried."""


class HalfPutBack(SourceError):
    """An undo that stopped on the way. `changes` are those that it made, `roles` what the member holds, if it is known."""

    def __init__(self, message: str, changes: Sequence[Change], roles: Sequence[str] | None) -> None:
        super().__init__(message)
        self.changes = changes
        self.roles = roles


class RoleRun:
    """Role changes of many members, one after the other.

    What the bot may do is asked once for each server. A role that Discord refuses all the same is not tried again, and
    after an outage, or a server on which the bot's standing cannot be read, the rest is left undone: refused requests
    bring a bot nearer to being blocked (Discord documentation, "Invalid Request Limit").
    """

    def __init__(self, discord: DiscordSource) -> None:
        self._discord = discord
        self._authorities: dict[str, RoleAuthority] = {}
        self._denied: dict[str, str] = {}
        self._stopped_by: str | None = None

    async def carry_out(self, member: Member, plan: Plan, *, reason: str) -> RoleOutcome:
        """Carry out a plan of role steps for one member.

        1. Look at the member; steps that are already so are left out.
        2. Check every remaining role against the bot's standing. One obstacle, and nothing is done.
        3. Give roles, then take roles. A failure half-way leaves the right role and perhaps a wrong one too, never none;
           the outcome holds what was changed until then, so that it is told, logged and can be undone.
        4. Look at the member again, and believe only what is seen.
        """
        if self._stopped_by is not None:
            return RoleOutcome((), None, self._stopped_by)
        changes: list[Change] = []
        try:
            held = set((await _fetch(self._discord, member)).role_ids)
            turns = [turn for turn in _turns(plan.steps) if (turn.role_id in held) is not turn.give]
            await self._check(member, turns)
            after = await self._take(member, turns, changes, reason)
        except PattError as error:
            return await self._failed(member, error, changes)
        return RoleOutcome(changes, sorted(after.role_ids), _contradiction(turns, after))

    async def put_back(self, member: Member, changes: Sequence[Change], *, reason: str) -> list[str]:
        """Undo role changes of one member, roles taken first given back; return the roles held afterwards.

        Roles that are all back already are left as they are, as after an undo that ended before it was recorded. Raises
        `Refused` when some of the member's roles are no longer as written or the bot may not change them, `SourceError`
        when Discord cannot be reached, and `HalfPutBack` when it stops or shows something else after the first change.
        """
        held, turns = await self.turns_back(member, changes)
        if not turns:
            return sorted(held)
        made: list[Change] = []
        try:
            after = await self._take(member, turns, made, reason)
        except PattError as error:
            if not made:
                raise
            raise HalfPutBack(self._told(member, error, made), made, await self._roles_now(member)) from error
        if contradiction := _contradiction(turns, after):
            raise HalfPutBack(contradiction, [c for c in made if _is_seen(c, after)], sorted(after.role_ids))
        return sorted(after.role_ids)

    async def turns_back(self, member: Member, changes: Sequence[Change]) -> tuple[set[str], list[Turn]]:
        """Look at the member; return the roles held now and what would put the changes back, nothing where all is back.

        Changes nothing. Raises `Refused` and `SourceError` like `put_back`.
        """
        held = set((await _fetch(self._discord, member)).role_ids)
        first, turns = _held_at_first(changes), _inverse(changes)
        if all((role_id in held) is was_held for role_id, was_held in first.items()):
            return held, []
        if any((turn.role_id in held) is turn.give for turn in turns):
            raise Refused("The member's roles were changed on Discord since, so this can no longer be undone.")
        await self._check(member, turns)
        return held, turns

    async def _check(self, member: Member, turns: Sequence[Turn]) -> None:
        """Raise `_Obstacle` for the first role that the bot may not change."""
        if not turns:
            return
        authority = await self._authority(member.discord_guild_id)
        for turn in turns:
            obstacle = self._denied.get(turn.role_id) or authority.obstacle(turn.role_id, turn.name)
            if obstacle:
                raise _Obstacle(obstacle)

    async def _authority(self, guild_id: str) -> RoleAuthority:
        if guild_id not in self._authorities:
            try:
                self._authorities[guild_id] = await self._discord.fetch_authority(guild_id)
            except SourceError as error:
                self._stopped_by = str(error)
                raise
        return self._authorities[guild_id]

    async def _take(self, member: Member, turns: Sequence[Turn], changes: list[Change], reason: str) -> DiscordMember:
        """Take the turns one after the other, adding to `changes` as they are made; look at the member again."""
        for turn in turns:
            await self._take_turn(member, turn, reason)
            changes.append(_change(member, turn))
        return await _fetch(self._discord, member)

    async def _take_turn(self, member: Member, turn: Turn, reason: str) -> None:
        change = self._discord.add_role if turn.give else self._discord.remove_role
        try:
            await change(member.discord_guild_id, member.discord_id, turn.role_id, reason=reason)
        except SourceDenied as error:
            self._denied[turn.role_id] = str(error)
            raise
        except SourceUnavailable:
            if not await self._was_made(member, turn):
                raise

    async def _was_made(self, member: Member, turn: Turn) -> bool:
        """Say whether a change was made and only its answer was lost. Where nobody can look, the next sync will."""
        roles = await self._roles_now(member)
        return roles is not None and (turn.role_id in roles) is turn.give

    async def _roles_now(self, member: Member) -> list[str] | None:
        try:
            return sorted((await _fetch(self._discord, member)).role_ids)
        except PattError:
            return None  # the error that led here is the one to be told

    async def _failed(self, member: Member, error: PattError, changes: Sequence[Change]) -> RoleOutcome:
        if isinstance(error, SourceUnavailable):
            self._stopped_by = str(error)
        roles = await self._roles_now(member) if changes else None
        return RoleOutcome(changes, roles, self._told(member, error, changes), is_refused=isinstance(error, _Obstacle))

    def _told(self, member: Member, error: PattError, changes: Sequence[Change]) -> str:
        """Say what was done, then what went wrong."""
        if not changes:
            return str(error)
        roles = self._authorities[member.discord_guild_id].roles
        written = [change["after"] or {} for change in changes]
        done = [f"'{roles[each['role_id']].name}' was {'given' if each['held'] else 'taken'}" for each in written]
        return f"{' and '.join(done)}, and then it stopped: {error}"


def _turns(steps: Sequence[Step]) -> list[Turn]:
    """What the steps of a plan ask for, giving before taking."""
    turns = [_turn(step) for step in steps]
    return sorted(turns, key=lambda turn: not turn.give)


def _turn(step: Step) -> Turn:
    match step:
        case AddDiscordRole(role_id=role_id, role=name):
            return Turn(role_id, name, give=True)
        case RemoveDiscordRole(role_id=role_id, role=name):
            return Turn(role_id, name, give=False)
        case _:
            raise TypeError(f"{type(step).__name__} is not a step on Discord")


def _held_at_first(changes: Sequence[Change]) -> dict[str, bool]:
    """Whether the member held each of the roles before the first of the changes."""
    first: dict[str, bool] = {}
    for change in changes:
        before, after = change["before"] or {}, change["after"] or {}
        first.setdefault(after["role_id"], before["held"])
    return first


def _inverse(changes: Sequence[Change]) -> list[Turn]:
    """What undoes the changes taken together, giving before taking; nothing for a role that is as it was at first."""
    last = {after["role_id"]: after["held"] for change in changes if (after := change["after"])}
    turns = [
        Turn(role_id, "", give=held) for role_id, held in _held_at_first(changes).items() if last[role_id] is not held
    ]
    return sorted(turns, key=lambda turn: not turn.give)


def _contradiction(turns: Sequence[Turn], after: DiscordMember) -> str | None:
    """Say what Discord shows otherwise than it was told and confirmed; None when all is so."""
    for turn in turns:
        if (turn.role_id in after.role_ids) is not turn.give:
            done = "was given to" if turn.give else "was taken from"
            still = "does not have it" if turn.give else "still has it"
            return (
                f"The role '{turn.name or turn.role_id}' {done} {after.display_name}, and a second look shows that the "
                f"member {still}. Look at the server's audit log: another bot may manage the same role."
            )
    return None


def _change(member: Member, turn: Turn) -> Change:
    return Change(
        table="role",
        id=member.row_id,
        before={"role_id": turn.role_id, "held": not turn.give},
        after={"role_id": turn.role_id, "held": turn.give},
    )


def _is_seen(change: Change, after: DiscordMember) -> bool:
    written = change["after"] or {}
    return (written["role_id"] in after.role_ids) is written["held"]


async def _fetch(discord: DiscordSource, member: Member) -> DiscordMember:
    found = await discord.fetch_member(member.discord_guild_id, member.discord_id)
    if found is None:
        raise Refused("This person is no longer on the Discord server.")
    return found
