"""What Battle.net says beyond the roster: a guild's canonical address, characters' profiles, and whether they exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import Field

from sv_common.guild_sync.sources.models import GuildAddress, RosterCharacter

LastLogin: TypeAlias = Annotated[
    int | None,
    Field(description="Last login in milliseconds since 1970, UTC; null where it is not known (any more)."),
]


@dataclass(frozen=True, slots=True)
class GuildRoster:
    """A whole roster. `address` is the canonical one that Battle.net itself gives for the guild."""

    address: GuildAddress
    name: str | None
    members: Sequence[RosterCharacter]


@dataclass(frozen=True, slots=True)
class CharacterProfile:
    """What a profile adds to the roster. `last_login_timestamp` is in milliseconds since 1970, UTC."""

    character_id: int
    name: str
    realm_slug: str
    realm_name: str | None
    realm_id: int | None
    class_id: int | None
    item_level: int | None
    last_login_timestamp: int | None


@dataclass(frozen=True, slots=True)
class CharacterStatus:
    """What Battle.net's status endpoint says of the character that bears a name now."""

    character_id: int | None
    is_valid: bool


@dataclass(frozen=True, slots=True)
class CharacterAddress:
    """Where a character's profile is, and the id of the character that is meant; None where it is not known."""

    realm_slug: str
    name: str
    character_id: int | None = None


class ProfileState(StrEnum):
    """What asking for a profile came to. Only GONE says that the character is no longer there.

    HIDDEN: it is there, and its profile is not shown. NOT_ASKED: too many had failed before it.
    """

    SHOWN = "shown"
    HIDDEN = "hidden"
    GONE = "gone"
    FAILED = "failed"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class ProfileAnswer:
    """A profile, or why there is none. `reason` completes a sentence about the character, or is an error's sentence."""

    state: ProfileState
    profile: CharacterProfile | None = None
    reason: str = ""
