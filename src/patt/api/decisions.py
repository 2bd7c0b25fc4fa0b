"""What an officer can decide about who is who, as the API and the forms of the pages take it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, StringConstraints

from sv_common.guild_sync.core.plain_text import fault_of_text
from sv_common.guild_sync.identity.decisions import (
    AddAlias,
    AllowLink,
    AllowMember,
    ConfirmLink,
    LinkCharacter,
    LinkCharacterToMember,
    LinkMember,
    ManualDecision,
    MergePlayers,
    RejectLink,
    RemoveAlias,
    SetMain,
    UnlinkCharacter,
    UnlinkMember,
)

LONGEST_NAME = 100
LONGEST_REASON = 500


def _usable(text: str) -> str:
    fault = fault_of_text(text)
    if fault is not None:
        raise ValueError(f"it {fault}")
    return text


_CHARACTER = "Name-Realm, a name that only one bears, or the number of the character, written #12."
_PLAYER = "Display name of the player, or its number, written #12. A bare number is a name first."
_MEMBER = "User name, display name or number (#12, or Discord’s own) of the Discord member."
Called: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME), AfterValidator(_usable)
]
CharacterName: TypeAlias = Annotated[Called, Field(description=_CHARACTER, examples=["Grimalt-Area 52"])]
PlayerName: TypeAlias = Annotated[Called, Field(description=_PLAYER, examples=["Mito"])]
MemberName: TypeAlias = Annotated[Called, Field(description=_MEMBER, examples=["mito_plays"])]
Alias: TypeAlias = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME),
    Field(description="A name as notes write it.", examples=["Mit"]),
]
Reason: TypeAlias = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_REASON),
    AfterValidator(_usable),
    Field(description="Why, in a few words."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    plan_key: Annotated[
        str | None, Field(max_length=64, description="Key of the plan that was previewed: another one is refused.")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest(_Request):
    """The character is this player's."""

    decision: Literal["link"]
    character: CharacterName
    player: PlayerName
    remember_note: Annotated[bool, Field(description="The name in its note means this player from now on.")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmRequest(_Request):
    """The character is the player's to whom it is linked: the officer vouches for the link."""

    decision: Literal["confirm"]
    character: CharacterName


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkRequest(_Request):
    """The character is taken from its player; no note and no name links the two again, and an officer may."""

    decision: Literal["unlink"]
    character: CharacterName


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectRequest(_Request):
    """The character is not this player's, whatever notes and names say."""

    decision: Literal["reject"]
    character: CharacterName
    player: PlayerName
    reason: Reason = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowRequest(_Request):
    """The character may be this player's after all: a rejection is taken back."""

    decision: Literal["allow"]
    character: CharacterName
    player: PlayerName


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMemberRequest(_Request):
    """The player is this Discord member; where evidence says so already, the officer vouches for it."""

    decision: Literal["link_member"]
    player: PlayerName
    member: MemberName


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkToMemberRequest(_Request):
    """The character is this Discord member's, who becomes a player with it where they are none yet."""

    decision: Literal["link_to_member"]
    character: CharacterName
    member: MemberName


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkMemberRequest(_Request):
    """The player is not the Discord member that it was taken for; no name makes it that one again, and an officer may."""

    decision: Literal["unlink_member"]
    player: PlayerName


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowMemberRequest(_Request):
    """The player may be this Discord member after all: what was said by unlinking is taken back."""

    decision: Literal["allow_member"]
    player: PlayerName
    member: MemberName


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRequest(_Request):
    """Two players are one person: one stays and takes over all that is the other's, which is deleted."""

    decision: Literal["merge"]
    player: Annotated[Called, Field(description=f"The one that stays. {_PLAYER}", examples=["#12"])]
    other: Annotated[
        Called,
        Field(
            description=f"The one that is merged into it. {_PLAYER} A name that both have means this one.",
            examples=["Mito"],
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class MainRequest(_Request):
    """The character is the main of the player that it belongs to."""

    decision: Literal["main"]
    character: CharacterName


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAliasRequest(_Request):
    """A word of notes means this player from now on, and nobody else."""

    decision: Literal["add_alias"]
    alias: Alias
    player: PlayerName


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveAliasRequest(_Request):
    """A word of notes is no alias any more."""

    decision: Literal["remove_alias"]
    alias: Alias


DecisionRequest: TypeAlias = Annotated[
    LinkRequest
    | ConfirmRequest
    | UnlinkRequest
    | RejectRequest
    | AllowRequest
    | LinkMemberRequest
    | LinkToMemberRequest
    | UnlinkMemberRequest
    | AllowMemberRequest
    | MergeRequest
    | MainRequest
    | AddAliasRequest
    | RemoveAliasRequest,
    Field(discriminator="decision"),
]
"""An officer's decision about who is who."""


def decision_of(request: DecisionRequest) -> ManualDecision:  # noqa: C901 -- one line for each decision
    """Return what the engine is to decide."""
    match request:
        case LinkRequest():
            return LinkCharacter(request.character, request.player, request.remember_note)
        case ConfirmRequest():
            return ConfirmLink(request.character)
        case UnlinkRequest():
            return UnlinkCharacter(request.character)
        case RejectRequest():
            return RejectLink(request.character, request.player, request.reason)
        case AllowRequest():
            return AllowLink(request.character, request.player)
        case LinkMemberRequest():
            return LinkMember(request.player, request.member)
        case LinkToMemberRequest():
            return LinkCharacterToMember(request.character, request.member)
        case UnlinkMemberRequest():
            return UnlinkMember(request.player)
        case AllowMemberRequest():
            return AllowMember(request.player, request.member)
        case MergeRequest():
            return MergePlayers(request.player, request.other)
        case MainRequest():
            return SetMain(request.character)
        case AddAliasRequest():
            return AddAlias(request.alias, request.player)
        case RemoveAliasRequest():
            return RemoveAlias(request.alias)


def fields_of(request: DecisionRequest) -> dict[str, Any]:
    """Return a request as a form sends it: what is as usual is left out."""
    values = {each.name: getattr(request, each.name) for each in fields(request)}
    usual = {each.name: each.default for each in fields(request)}
    sent = {name: value for name, value in values.items() if value != usual[name]}
    return {name: "true" if value is True else value for name, value in sent.items()}
