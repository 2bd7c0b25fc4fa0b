"""Role changes on Discord: look, check, change, look again. Nothing here knows of the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sv_common.guild_sync.domain.errors import (
    PattError,
    Refused,
    SourceDenied,
    SourceError,
    SourceMalformed,
    SourceSilent,
    SourceUnavailable,
)
from sv_common.guild_sync.domain.guild import DiscordMember
from sv_common.guild_sync.domain.role_authority import RoleAuthority
from sv_common.guild_sync.fixes.role_turns import Member, Turn, change_of, contradiction, done_in_words, is_seen
from sv_common.guild_sync.ports import DiscordSource
from sv_common.guild_sync.store.links import Change

_MAY_COME_LATE = (
    "Discord does not show the change, and it may still be made, so look at the member before you try it again."
)


class Obstacle(Refused):
    """Discord would not let the bot do this, so nothing was tried."""


class MemberGone(Refused):
    """The person is no longer on the server."""

    def __init__(self) -> None:
        super().__init__("This person is no longer on the Discord server.")


@dataclass(frozen=True, slots=True)
class RoleOutcome:
    """What was done to one member.

    `changes` were made as far as is known: those that Discord confirmed or showed. `roles` is None where nobody could look
    afterwards. With `is_unverified`, `changes` has the one whose answer was lost too: it may have been made, or may be yet.
    """

    changes: Sequence[Change]
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
        """Return the roles that a member holds now. Raises `MemberGone` and `SourceError`."""
        return sorted((await self._fetch(member)).role_ids)

    async def check(self, member: Member, turns: Sequence[Turn]) -> None:
        """Raise `Obstacle` for the first role that the bot may not change, and `SourceError` where that is not known."""
        if not turns:
            return
        authority = await self._authority(member.discord_guild_id)
        for turn in turns:
            obstacle = self._denied.get(turn.role_id) or authority.obstacle(turn.role_id, turn.name)
            if obstacle:
                raise Obstacle(obstacle)

    async def make(self, member: Member, turns: Sequence[Turn], *, reason: str) -> RoleOutcome:
        """Take the turns one after the other, look at the member again, and believe only what is seen.

        Raises nothing: what was changed until something went wrong is told, so that it can be recorded and undone.
        """
        made: list[Change] = []
        unsure: list[Change] = []
        error: PattError | None = None
        for turn in turns:
            try:
                await self._take(member, turn, reason)
            except PattError as failure:
                error = failure
                if not isinstance(failure, SourceDenied):
                    unsure.append(change_of(member, turn))
                break
            made.append(change_of(member, turn))
        return await self._looked_at(member, turns, made, unsure, error)

    async def _looked_at(
        self,
        member: Member,
        turns: Sequence[Turn],
        made: Sequence[Change],
        unsure: Sequence[Change],
        error: PattError | None,
    ) -> RoleOutcome:
        try:
            after = await self._fetch(member)
        except PattError as blind:
            return self._unseen(member, made, unsure, error, blind)
        roles = sorted(after.role_ids)
        seen = [*made, *(change for change in unsure if is_seen(change, roles))]
        if error is not None and len(seen) < len(turns):
            told = self._told(member, error, seen)
            late = [change for change in unsure if change not in seen] if isinstance(error, SourceSilent) else []
            told = f"{told} {_MAY_COME_LATE}" if late else told
            return RoleOutcome([*seen, *late], roles, told, is_unverified=bool(late))
        return RoleOutcome(seen, roles, contradiction(turns, after))

    def _unseen(
        self,
        member: Member,
        made: Sequence[Change],
        unsure: Sequence[Change],
        error: PattError | None,
        blind: PattError,
    ) -> RoleOutcome:
        """Tell what is known where nobody can look any more."""
        if isinstance(blind, MemberGone):
            return RoleOutcome(made, None, self._told(member, error or blind, made))
        self._remember_outage(blind)
        if not made and not unsure:
            return RoleOutcome((), None, str(error or blind))
        told = self._told(member, error or blind, made)
        told = f"{told} Discord could not be asked what the member holds now, so look at the member there."
        return RoleOutcome((*made, *unsure), None, told, is_unverified=True)

    async def _take(self, member: Member, turn: Turn, reason: str) -> None:
        change = self._discord.add_role if turn.give else self._discord.remove_role
        try:
            await change(member.discord_guild_id, member.discord_id, turn.role_id, reason=reason)
        except SourceDenied as error:
            self._denied[turn.role_id] = str(error)
            raise
        except (SourceUnavailable, SourceMalformed) as error:
            if not await self._was_made(member, turn):
                self._remember_outage(error)
                raise

    async def _was_made(self, member: Member, turn: Turn) -> bool:
        """Say whether a change was made and only its answer was lost; where nobody can look, it is not known to be."""
        try:
            return (turn.role_id in (await self._fetch(member)).role_ids) is turn.give
        except PattError:
            return False  # the error that led here is the one to be told

    async def _authority(self, guild_id: str) -> RoleAuthority:
        if guild_id not in self._authorities:
            try:
                self._authorities[guild_id] = await self._discord.fetch_authority(guild_id)
            except SourceError as error:
                self.stopped_by = str(error)
                raise
        return self._authorities[guild_id]

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

    def _told(self, member: Member, error: PattError, made: Sequence[Change]) -> str:
        """Say what was done, then what went wrong."""
        if not made:
            return str(error)
        authority = self._authorities.get(member.discord_guild_id)
        names = {role_id: role.name for role_id, role in authority.roles.items()} if authority else {}
        return f"{done_in_words(made, names)}, and then it stopped: {error}"
