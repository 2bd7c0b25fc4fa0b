"""What routes ask for: the services, who is asking, and which guild is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, cast

from fastapi import Depends, Path, Query, Request
from starlette.exceptions import HTTPException

from patt.bootstrap import Services
from sv_common.guild_sync.domain.errors import NotFound

SESSION_COOKIE = "patt_session"
LARGEST_BODY = 64 * 1024
"""Bytes that a form or a JSON body may have."""

LARGEST_INTEGER = 2**31 - 1
LARGEST_BIGINT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Officer:
    """Whoever asks: a signed-in person, or a program with a token, which may be bound to one guild."""

    name: str
    kind: Literal["officer", "token"] = "officer"
    guild_id: int | None = None

    @property
    def actor(self) -> str:
        """How moves and attempts name them."""
        return f"{self.kind} {self.name}"

    def guild_in_reach(self, asked: int | None) -> int | None:
        """Return the guild to act on; None for any. Raises `NotFound` for one that a bound token may not see."""
        if self.guild_id is None:
            return asked
        if asked not in (None, self.guild_id):
            raise NotFound(f"There is no guild with the number {asked}.")
        return self.guild_id


def services_of(request: Request) -> Services:
    """Return the services that the application was made with."""
    return cast("Services", request.app.state.services)


def officer_of(request: Request) -> Officer:
    """Return who asks. The guard has let only them through; a route that it does not cover stays closed all the same."""
    officer = getattr(request.state, "officer", None)
    if not isinstance(officer, Officer):
        raise HTTPException(401, "Sign in first.")
    return officer


def open_to_all() -> None:
    """Declare that a route is for everybody. Each route says whom it is for, by this, `officer_of` or `uploader_of`."""


ServicesDep = Annotated[Services, Depends(services_of)]
OfficerDep = Annotated[Officer, Depends(officer_of)]
GuildQuery = Annotated[
    int | None,
    Query(ge=1, le=LARGEST_INTEGER, description="Number of the guild; needed only when there are several."),
]
PageQuery = Annotated[int, Query(ge=1, le=LARGEST_INTEGER, description="Page of 50, counted from 1.")]
IssueId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="Number of the issue.")]
AttemptId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="Number of the attempt to fix.")]
PlayerId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="Number of the player.")]
CharacterId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="Number of the character.")]
UploadId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="Number of the upload.")]
MatchId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="Number of the request for a full match.")]
IssueType = Annotated[str, Path(description="A rule, such as orphan_wow.")]


def guild_in_reach(officer: OfficerDep, guild: GuildQuery = None) -> int | None:
    """Return the guild that the request is about; None when it names none and may be about any."""
    return officer.guild_in_reach(guild)


GuildDep = Annotated[int | None, Depends(guild_in_reach)]
