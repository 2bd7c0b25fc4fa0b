"""What a list says of one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import Field

from sv_common.guild_sync.core.basis import Basis


class PersonKind(StrEnum):
    PLAYER = "player"
    CHARACTER = "character"
    MEMBER = "member"
    SHARED = "shared"


LastLogin: TypeAlias = Annotated[
    int | None, Field(description="Last login in milliseconds since 1970, UTC; null where it is not known (any more).")
]


@dataclass(frozen=True, slots=True)
class PlayedCharacter:
    """A character of a player, in the guild now."""

    id: Annotated[int, Field(description="Number of the character.")]
    name: str
    realm: str
    character_class: str | None
    proof: Annotated[Basis | None, Field(description="What stands for its link; null without a player.")]


@dataclass(frozen=True, slots=True)
class PersonSummary:
    """A player, a character without a player, a Discord member without one, or a bank or shared character, as it is listed."""

    kind: PersonKind
    id: Annotated[int, Field(description="Number of the player, the character or the Discord member, by `kind`.")]
    name: str
    main_name: Annotated[str | None, Field(description="The player's main, or the character itself.")]
    main_realm: str | None
    main_class: str | None
    characters: Annotated[int, Field(description="Characters in the guild now.")]
    played: Annotated[Sequence[PlayedCharacter], Field(description="These characters, the highest rank first.")]
    rank: Annotated[str | None, Field(description="The highest rank of these.")]
    rank_index: Annotated[int | None, Field(description="Its index in the game; 0 is the guild master.")]
    rank_level: Annotated[int | None, Field(exclude=True)]
    last_login_timestamp: LastLogin
    proofs: Annotated[
        Sequence[Basis],
        Field(description="What the links of these characters rest on, each kind once, the strongest first."),
    ]
    proven: Annotated[int, Field(description="How many of these characters Battle.net itself has proven.")]
    discord_name: str | None
    is_on_discord: bool
    is_away: Annotated[bool, Field(description="Whether an officer has said that the player is on hiatus.")]
    away_until: Annotated[
        str | None,
        Field(
            description="The day (UTC) on which the hiatus ends; null where no day is known, or without a hiatus.",
            examples=["2099-12-24"],
        ),
    ]
    is_inactive: Annotated[
        bool,
        Field(description="Whether each login is longer ago than the guild allows; never of who is on hiatus."),
    ]
    open_issues: int
    matched: Annotated[
        str | None,
        Field(description="The name or the note that the search found, where it is another than the name shown."),
    ] = None
