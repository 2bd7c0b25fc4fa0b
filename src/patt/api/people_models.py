"""What the API says of people: players, characters and Discord members."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from patt.api.examples import with_examples
from patt.api.models import Answer, AttemptAnswer
from sv_common.guild_sync.domain.basis import Basis
from sv_common.guild_sync.domain.decision import Verdict
from sv_common.guild_sync.domain.plain_text import fault_of_text
from sv_common.guild_sync.people import PersonKind

LONGEST_NAME = 100
LONGEST_REASON = 500
LAST_LOGIN = "Last login in milliseconds since 1970, UTC; null where it is not known (any more)."


class PersonAnswer(Answer):
    """A player, a character without a player, or a Discord member without one."""

    kind: PersonKind
    id: int = Field(description="Number of the player, the character or the Discord member, by `kind`.")
    name: str
    main_name: str | None = Field(description="The player's main, or the character itself.")
    main_realm: str | None
    main_class: str | None
    characters: int = Field(description="Characters in the guild now.")
    rank: str | None = Field(description="The highest rank of these.")
    last_login_timestamp: int | None = Field(description=LAST_LOGIN)
    discord_name: str | None
    is_on_discord: bool
    open_issues: int
    matched: str | None = Field(description="The name that the search found, where it is another than the one shown.")


class PeopleAnswer(Answer):
    """One page of people: those whose whole name was searched for, then by name."""

    page: int
    pages: int
    total: int
    counts: dict[PersonKind, int] = Field(
        description="How many of each kind the search finds.", examples=[{"player": 120, "character": 7, "member": 9}]
    )
    people: list[PersonAnswer]


class NoteAnswer(Answer):
    """A guild note and how it is read. `text` null: never seen."""

    text: str | None
    verdict: Verdict | None
    sentence: str
    player: str | None = Field(description="The player that it means for certain.")


class CharacterAnswer(Answer):
    """A character. `link_source` `manual` or `officer_fix`: a person's decision, which automation never changes."""

    id: int
    name: str
    realm: str
    character_class: str | None
    level: int | None
    item_level: int | None
    rank: str | None
    rank_index: int
    last_login_timestamp: int | None = Field(description=LAST_LOGIN)
    removed_at: datetime | None = Field(description="When the character was seen to have left the guild.")
    is_main: bool
    is_offspec: bool
    player_id: int | None
    link_source: str | None
    evidence: str | None
    linked_by: str | None
    linked_at: datetime | None
    basis: Basis | None = Field(description="What the link rests on, `proven` being the strongest.")
    basis_note: str | None = Field(
        description="The guild note under which it was linked, or last right; null where none was known."
    )
    vouched_by: str | None = Field(description="The officer who made or confirmed the link; null: nobody did.")
    vouched_at: datetime | None
    rests_on: str | None = Field(description="The same in words.")
    reading: NoteAnswer


class MemberAnswer(Answer):
    """A Discord member with the names of the roles they hold."""

    id: int
    discord_id: str
    display_name: str
    global_name: str | None
    username: str
    is_present: bool
    roles: list[str]
    basis: Basis | None = Field(description="What it rests on that the player is this member.")
    vouched_by: str | None = Field(description="The officer who said or confirmed it; null: nobody did.")
    vouched_at: datetime | None
    rests_on: str = Field(description="The same in words.")


class AliasAnswer(Answer):
    """A word that means a player."""

    id: int
    alias: str
    created_by: str
    created_at: datetime


class RejectionAnswer(Answer):
    """A person's word that a character is not a player's."""

    id: int
    character_id: int
    character: str
    realm: str
    player_id: int
    player: str
    is_unlinking: bool = Field(
        description="Said by unlinking: no note and no name links the two again, and an officer may."
    )
    reason: str | None
    rejected_by: str
    created_at: datetime


class MemberRejectionAnswer(Answer):
    """A person's word that the player is not a Discord member."""

    id: int
    member_id: int
    member: str
    username: str
    reason: str | None
    rejected_by: str
    created_at: datetime


class OpenIssueAnswer(Answer):
    """An open issue; more of it under its number."""

    id: int
    issue_type: str
    severity: str
    summary: str
    opened_at: datetime


class AboutAnswer(Answer):
    """What is remembered about a player or a character, and the last 50 things done."""

    rejections: list[RejectionAnswer]
    issues: list[OpenIssueAnswer]
    attempts: list[AttemptAnswer]


class PlayerAnswer(AboutAnswer):
    """One player with all that is known."""

    id: int
    guild_id: int
    display_name: str
    created_by: str
    created_at: datetime
    characters: list[CharacterAnswer]
    member: MemberAnswer | None
    member_rejections: list[MemberRejectionAnswer]
    aliases: list[AliasAnswer]


class CharacterDetailAnswer(AboutAnswer):
    """One character with all that is known; `player` is null where it has none."""

    guild_id: int
    player: str | None
    character: CharacterAnswer


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
Alias: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME)]
Reason: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=LONGEST_REASON), AfterValidator(_usable)
]


class _Request(BaseModel):
    model_config = ConfigDict(json_schema_extra=with_examples)

    plan_key: str | None = Field(
        default=None, max_length=64, description="Key of the plan that was previewed: another one is refused."
    )


class LinkRequest(_Request):
    """The character is this player's."""

    decision: Literal["link"]
    character: Called = Field(description=_CHARACTER)
    player: Called = Field(description=_PLAYER)
    remember_note: bool = Field(default=False, description="The name in its note means this player from now on.")


class ConfirmRequest(_Request):
    """The character is the player's to whom it is linked: the officer vouches for the link."""

    decision: Literal["confirm"]
    character: Called = Field(description=_CHARACTER)


class UnlinkRequest(_Request):
    """The character is taken from its player; no note and no name links the two again, and an officer may."""

    decision: Literal["unlink"]
    character: Called = Field(description=_CHARACTER)


class RejectRequest(_Request):
    """The character is not this player's, whatever notes and names say."""

    decision: Literal["reject"]
    character: Called = Field(description=_CHARACTER)
    player: Called = Field(description=_PLAYER)
    reason: Reason = Field(default="", description="Why, in a few words.")


class AllowRequest(_Request):
    """The character may be this player's after all: a rejection is taken back."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"decision": "allow", "character": "Grimalt-Area 52", "player": "Mito"}]}
    )

    decision: Literal["allow"]
    character: Called = Field(description=_CHARACTER)
    player: Called = Field(description=_PLAYER)


class LinkMemberRequest(_Request):
    """The player is this Discord member; where evidence says so already, the officer vouches for it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"decision": "link_member", "player": "Mito", "member": "mito_plays"}]}
    )

    decision: Literal["link_member"]
    player: Called = Field(description=_PLAYER)
    member: Called = Field(description=_MEMBER)


class LinkToMemberRequest(_Request):
    """The character is this Discord member's, who becomes a player with it where they are none yet."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"decision": "link_to_member", "character": "Grimalt-Area 52", "member": "mito_plays"}]
        }
    )

    decision: Literal["link_to_member"]
    character: Called = Field(description=_CHARACTER)
    member: Called = Field(description=_MEMBER)


class UnlinkMemberRequest(_Request):
    """The player is not the Discord member that it was taken for; no name makes it that one again, and an officer may."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"decision": "unlink_member", "player": "Mito"}]})

    decision: Literal["unlink_member"]
    player: Called = Field(description=_PLAYER)


class AllowMemberRequest(_Request):
    """The player may be this Discord member after all: what was said by unlinking is taken back."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"decision": "allow_member", "player": "Mito", "member": "mito_plays"}]}
    )

    decision: Literal["allow_member"]
    player: Called = Field(description=_PLAYER)
    member: Called = Field(description=_MEMBER)


class MergeRequest(_Request):
    """Two players are one person: one stays and takes over all that is the other's, which is deleted."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"decision": "merge", "player": "#12", "other": "Mito"}]})

    decision: Literal["merge"]
    player: Called = Field(description=f"The one that stays. {_PLAYER}")
    other: Called = Field(
        description=f"The one that is merged into it. {_PLAYER} A name that both have means this one."
    )


class MainRequest(_Request):
    """The character is the main of the player that it belongs to."""

    decision: Literal["main"]
    character: Called = Field(description=_CHARACTER)


class AddAliasRequest(_Request):
    """A word of notes means this player from now on, and nobody else."""

    decision: Literal["add_alias"]
    alias: Alias = Field(description="A name as notes write it.")
    player: Called = Field(description=_PLAYER)


class RemoveAliasRequest(_Request):
    """A word of notes is no alias any more."""

    decision: Literal["remove_alias"]
    alias: Alias = Field(description="A name as notes write it.")


HandRequest: TypeAlias = Annotated[
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


class EffectAnswer(Answer):
    """One thing that changes: what it is, and what stands there before and after."""

    what: str
    before: str
    after: str


class HandPreviewAnswer(Answer):
    """What a decision would do now. Nothing was changed."""

    guild_id: int
    sentence: str
    steps: list[str]
    effects: list[EffectAnswer]
    plan_key: str = Field(description="Send it with the decision, and nothing else than this plan is carried out.")


class HandAnswer(HandPreviewAnswer):
    """What a decision did."""

    attempt_id: int = Field(description="What to undo: POST /api/v1/admin/data-quality/attempts/{attempt_id}/undo.")
