"""Role changes on Discord: what is still to be done and what puts it back; look, check, change, look again.

Nothing here knows of the database.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sv_common.guild_sync.changes.changeset import RoleChange
from sv_common.guild_sync.core.errors import (
    PattError,
    Refused,
    SourceDenied,
    SourceError,
    SourceMalformed,
    SourceSilent,
    SourceUnavailable,
)
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.text import with_and
from sv_common.guild_sync.sources.discord.permissions import RoleAuthority
from sv_common.guild_sync.sources.models import DiscordMember
from sv_common.guild_sync.sources.ports import DiscordSource


@dataclass(frozen=True, slots=True)
class Member:
    """A Discord member as the database and Discord know them."""

    row_id: int
    discord_id: str
    discord_guild_id: str


_MAY_COME_LATE = mark(
    "Discord does not show the change yet, but may still make it. Check the member before you try again."
)


class Obstacle(Refused):
    """Discord would not let the bot do this, so nothing was tried."""


class MemberGone(Refused):
    """The person is no longer on the server."""

    def __init__(self) -> None:
        super().__init__(tr("This member has left the Discord server."))


@dataclass(frozen=True, slots=True)
class RoleOutcome:
    """What was done to one member.

    `changes` were made as far as is known: those that Discord confirmed or showed. `roles` is None where no look was possible
    afterwards. With `is_unverified`, `changes` has the one whose answer was lost too: it may have been made, or may be yet.
    """

    changes: Sequence[RoleChange]
    roles: Sequence[str] | None
    error: str | None = None
    is_unverified: bool = False


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
        self.stopped_by: str | None = None

    async def look(self, member: Member) -> list[str]:
        """Return the roles that a member has now. Raises `MemberGone` and `SourceError`."""
        return sorted((await self._fetch(member)).role_ids)

    async def check(self, member: Member, changes: Sequence[RoleChange]) -> None:
        """Raise `Obstacle` for the first role that the bot may not change, and `SourceError` where that is not known."""
        if not changes:
            return
        if member.discord_guild_id not in self._authorities:
            try:
                authority = await self._discord.fetch_authority(member.discord_guild_id)
            except SourceError as error:
                self.stopped_by = str(error)
                raise
            self._authorities[member.discord_guild_id] = authority
        authority = self._authorities[member.discord_guild_id]
        for change in changes:
            obstacle = self._denied.get(change.role_id) or authority.obstacle(change.role_id, change.role)
            if obstacle:
                raise Obstacle(obstacle)

    async def make(self, member: Member, changes: Sequence[RoleChange], *, reason: str) -> RoleOutcome:
        """Make the changes one after the other, look at the member again, and believe only what is seen.

        Raises nothing: what was changed until something went wrong is returned, so that it can be recorded and undone.
        """
        made: list[RoleChange] = []
        unsure: list[RoleChange] = []
        error: PattError | None = None
        for change in changes:
            try:
                await self._make(member, change, reason)
            except PattError as failure:
                error = failure
                if not isinstance(failure, SourceDenied):
                    unsure.append(change)
                break
            made.append(change)
        return await self._looked_at(member, changes, made, unsure, error)

    async def _looked_at(
        self,
        member: Member,
        changes: Sequence[RoleChange],
        made: Sequence[RoleChange],
        unsure: Sequence[RoleChange],
        error: PattError | None,
    ) -> RoleOutcome:
        try:
            after = await self._fetch(member)
        except PattError as blind:
            return self._unseen(member, made, unsure, error, blind)
        roles = sorted(after.role_ids)
        seen = [*made, *(change for change in unsure if is_seen(change, roles))]
        if error is not None and len(seen) < len(changes):
            told = self._told(member, error, seen)
            late = [change for change in unsure if change not in seen] if isinstance(error, SourceSilent) else []
            told = f"{told} {tr(_MAY_COME_LATE)}" if late else told
            return RoleOutcome([*seen, *late], roles, told, is_unverified=bool(late))
        return RoleOutcome(seen, roles, _contradiction(changes, after))

    def _unseen(
        self,
        member: Member,
        made: Sequence[RoleChange],
        unsure: Sequence[RoleChange],
        error: PattError | None,
        blind: PattError,
    ) -> RoleOutcome:
        if isinstance(blind, MemberGone):
            return RoleOutcome(made, None, self._told(member, error or blind, made))
        self._remember_outage(blind)
        if not made and not unsure:
            return RoleOutcome((), None, str(error or blind))
        told = self._told(member, error or blind, made)
        told = f"{told} {tr('Discord did not say which roles the member has now, so check the member there.')}"
        return RoleOutcome((*made, *unsure), None, told, is_unverified=True)

    async def _make(self, member: Member, change: RoleChange, reason: str) -> None:
        write = self._discord.add_role if change.held else self._discord.remove_role
        try:
            await write(member.discord_guild_id, member.discord_id, change.role_id, reason=reason)
        except SourceDenied as error:
            self._denied[change.role_id] = str(error)
            raise
        except (SourceUnavailable, SourceMalformed) as error:
            try:  # it may have been made, and only its response was lost
                was_made = is_seen(change, (await self._fetch(member)).role_ids)
            except PattError:
                was_made = False  # the error that led here is the one to be told
            if not was_made:
                self._remember_outage(error)
                raise

    async def _fetch(self, member: Member) -> DiscordMember:
        try:
            found = await self._discord.fetch_member(member.discord_guild_id, member.discord_id)
        except SourceUnavailable as error:
            self._remember_outage(error)
            raise
        if found is None:
            raise MemberGone
        return found

    def _remember_outage(self, error: PattError) -> None:
        if isinstance(error, SourceUnavailable):
            self.stopped_by = str(error)

    def _told(self, member: Member, error: PattError, made: Sequence[RoleChange]) -> str:
        if not made:
            return str(error)
        authority = self._authorities.get(member.discord_guild_id)
        names = {role_id: role.name for role_id, role in authority.roles.items()} if authority else {}
        return tr("{done}, then it stopped: {error}", done=done_in_words(made, names), error=error)


def still_to_do(changes: Sequence[RoleChange], held: Collection[str]) -> list[RoleChange]:
    """Return the changes that are not made yet, giving before taking: half-way there is the right role, never none."""
    return sorted((change for change in changes if not is_seen(change, held)), key=lambda change: not change.held)


def to_put_back(changes: Sequence[RoleChange], held: Collection[str]) -> list[RoleChange]:
    """Return what puts the changes back, taken together."""
    return still_to_do([change.inverse for change in taken_together(changes)], held)


def taken_together(changes: Sequence[RoleChange]) -> list[RoleChange]:
    """Return the last change of each role; nothing for a role that is as it was at first."""
    first = {change.role_id: change for change in reversed(changes)}
    last = {change.role_id: change for change in changes}
    return [change for change in last.values() if change.held is first[change.role_id].held]


def is_seen(change: RoleChange, held: Collection[str]) -> bool:
    return (change.role_id in held) is change.held


def done_in_words(changes: Sequence[RoleChange], names: Mapping[str, str]) -> str:
    """Return which roles were given and taken: “'Officer' was given and 'Raider' was taken”."""
    told = []
    for each in changes:
        role = names.get(each.role_id) or each.role or each.role_id
        told.append(tr("'{role}' was given", role=role) if each.held else tr("'{role}' was taken", role=role))
    return with_and(told)


def _contradiction(changes: Sequence[RoleChange], after: DiscordMember) -> str | None:
    """Return what Discord shows differently from what it confirmed; None when nothing."""
    for change in changes:
        if not is_seen(change, after.role_ids):
            role, member = change.role or change.role_id, after.display_name
            if change.held:
                return tr(
                    "The role '{role}' was given to {member}, but the member does not have the role. "
                    "Check the server's audit log: another bot may manage the same role.",
                    role=role,
                    member=member,
                )
            return tr(
                "The role '{role}' was taken from {member}, but the member still has the role. "
                "Check the server's audit log: another bot may manage the same role.",
                role=role,
                member=member,
            )
    return None
