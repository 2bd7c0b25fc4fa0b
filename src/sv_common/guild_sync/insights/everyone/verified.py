"""How many members have proven their characters with a Battle.net sign-in, who has not, and what to write to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, computed_field

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.language import number, tr, tr_n
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.rulebook.claims.unverified_member import MemberProof, members


@dataclass(frozen=True, slots=True)
class Verified:
    """How many of the members of the Discord server who have characters in the guild have proven one."""

    verified: Annotated[int, Field(examples=[23])]
    total: Annotated[int, Field(examples=[31])]

    @computed_field
    @property
    def sentence(self) -> str:
        """The same in words, for an officer."""
        return tr_n(
            "{verified} of {n} member verified",
            "{verified} of {n} members verified",
            self.total,
            verified=number(self.verified),
        )


@dataclass(frozen=True, slots=True)
class Verification:
    """The same, with the members by name: who has proven how many characters, and who none.

    `reminder` is a message to copy and send to the others.
    """

    counts: Verified
    members: Sequence[MemberProof]
    reminder: Annotated[
        str, Field(examples=["Which characters in Lantern Watch are yours? Please verify them here: …"])
    ]

    @property
    def unverified(self) -> Sequence[MemberProof]:
        return [each for each in self.members if not each.is_verified]


async def verified(guild: GuildConnection) -> Verified:
    """Return how many members are verified, in one statement."""
    return _counted(await members(guild))


async def verification(guild: GuildConnection, page: str) -> Verification:
    """Return who is verified and who is not; `page` is the address at which members verify their characters."""
    found = await members(guild)
    return Verification(_counted(found), found, reminder((await guilds.get(guild)).name, page))


def reminder(guild_name: str, page: str) -> str:
    """Return what to write to members who have not verified their characters."""
    return tr(
        "Which characters in {guild} are yours? Please verify them here: {page}\nYou sign in with Discord and with Battle.net. "
        "It takes two minutes.",
        guild=guild_name,
        page=page,
    )


def _counted(found: Sequence[MemberProof]) -> Verified:
    return Verified(sum(each.is_verified for each in found), len(found))
