"""What the API takes and gives about who may sign in, and about sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from patt.api.models import Answer
from patt.authority import Given, Kind
from patt.roles import Role
from patt.sessions import SessionKind


class MappedAnswer(Answer):
    """A rank or a Discord role of the guild, and the role that it gives here."""

    kind: Kind
    key: str = Field(description="The number of the rank, or the id of the Discord role.", examples=["0"])
    label: str = Field(examples=["Guild Master"])
    role: Given
    set_by: str | None = Field(description="Who has set it; null for the default.")
    set_at: datetime | None
    is_managed: bool = Field(description="Whether fixes give and take it, so that it can make nobody an administrator.")


class WaitingAnswer(Answer):
    """A rank that would give a role once an officer, or for an administrator's role an administrator, has confirmed whose it is."""

    character_id: int
    because: str = Field(examples=["Mito (Guild Master)"])
    role: Role
    why_waiting: str = Field(
        description="What it rests on until then, and whose word it waits for.",
        examples=["That it is Mito’s rests on the note “alt of Mito” alone; no officer has confirmed it."],
    )


class PersonAnswer(Answer):
    """A Discord member who may do something in the guild, or waits for an officer's or an administrator's word."""

    discord_id: str = Field(examples=["80351110224678912"])
    username: str
    display_name: str
    role: Role | None
    because: str | None = Field(description="What gives the role.", examples=["Officer"])
    waiting: list[WaitingAnswer]


class AuthorityAnswer(Answer):
    """What gives a role in a guild."""

    guild_id: int
    mapping: list[MappedAnswer]


class PeopleAnswer(Answer):
    """One page of the people who may do something in a guild."""

    page: int
    pages: int
    total: int
    people: list[PersonAnswer]


class AuthorityRequest(BaseModel):
    """What a rank or a Discord role is to give."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"kind": "rank", "key": "1", "role": "officer"}]}
    )

    kind: Kind
    key: str = Field(pattern=r"^[0-9]{1,20}$", description="The number of the rank, or the id of the Discord role.")
    role: Given
    seen: str | None = Field(
        default=None,
        max_length=64,
        description="The key of the preview that was looked at; another outcome is refused.",
    )


class MovedAnswer(Answer):
    """What one person may do before and after."""

    name: str
    before: Role | None
    after: Role | None


class AuthorityPreviewAnswer(Answer):
    """Who would gain or lose what. Nothing is changed."""

    sentence: str
    key: str = Field(description="To be sent as `seen`, so that just this is done.")
    moved: list[MovedAnswer]


class VouchRequest(BaseModel):
    """Whose a character is, on an administrator's word."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"discord_id": "80351110224678912", "character_id": 7}]}
    )

    discord_id: str = Field(pattern=r"^[0-9]{1,20}$")
    character_id: int = Field(ge=1, le=2**63 - 1)


class DoneAnswer(Answer):
    """What was done, in a sentence."""

    sentence: str


class SessionAnswer(Answer):
    """A session that is of use; never its secret."""

    id: int
    account: str
    kind: SessionKind = Field(description="How it began: by a one-time link, or with Discord.")
    guild_id: int | None = Field(
        description="The only guild that it may act on; null for every guild, or none chosen yet."
    )
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime = Field(description="When it ends, if nobody does anything until then.")


class SessionsAnswer(Answer):
    """One page of sessions."""

    page: int
    pages: int
    total: int
    sessions: list[SessionAnswer]


class AccountAnswer(Answer):
    """Somebody who may sign in by link, or has signed in with Discord."""

    id: int
    name: str
    kind: Literal["link", "discord"]
    role: Role | None = Field(description="Of those who sign in by link; of others the guild's authority decides.")
    guild_id: int | None
    created_at: datetime
    last_seen_at: datetime | None


class AccountsAnswer(Answer):
    """One page of accounts."""

    page: int
    pages: int
    total: int
    accounts: list[AccountAnswer]
