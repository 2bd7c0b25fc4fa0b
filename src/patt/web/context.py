"""What routes ask for: the services, who is asking, and which guild is meant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal, cast

from fastapi import Depends, Path, Query, Request
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.responses import Response

from patt.auth.permissions import Role, includes
from patt.bootstrap import Services
from patt.config import Settings
from patt.web.places import CLAIM_PREFIX, is_below
from patt.web.telling.roles import is_for, signed_in_as
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.core.language import best_of, speak, tr

SESSION_COOKIE = "patt_session"
SIGN_IN_COOKIE = "patt_sign_in"
CLAIM_COOKIE = "patt_claim"
CLAIM_SIGN_IN_COOKIE = "patt_claim_sign_in"
LARGEST_BODY = 64 * 1024
"""Bytes that a form or a JSON body may have."""

LARGEST_INTEGER = 2**31 - 1
LARGEST_BIGINT = 2**63 - 1
LONGEST_NUMBER = 20


@dataclass(frozen=True, slots=True)
class Caller:
    """The user or program that makes a request, with a session or a token. Either may be bound to one guild, `guild_id`.

    A signed-in user has a session and an account, and a `discord_id` where they signed in with Discord. `guild` is the
    name of the guild that they have selected, and `other_guilds` how many more they could select.
    """

    name: str
    kind: Literal["officer", "token"] = "officer"
    guild_id: int | None = None
    role: Role = "administrator"
    session_id: int | None = None
    account_id: int | None = None
    discord_id: str | None = None
    guild: str | None = None
    other_guilds: int = 0

    @property
    def actor(self) -> str:
        """How events and attempts name them."""
        return f"{self.kind} {self.name}"

    def may_act_as(self, role: Role) -> bool:
        return includes(self.role, role)

    @property
    def may_set_up(self) -> bool:
        """Whether they may set up guilds and the keys of all: an administrator who is bound to no guild."""
        return self.kind == "officer" and self.role == "administrator" and self.guild_id is None

    def guild_in_reach(self, asked: int | None) -> int | None:
        """Return the guild to act on; None for any. Raises `NotFound` for one that is out of their reach."""
        if self.guild_id is None:
            return asked
        if asked not in (None, self.guild_id):
            raise NotFound(tr("Guild {number} does not exist.", number=asked))
        return self.guild_id


def guild_asked_for(query: bytes) -> int | None:
    """Return the guild that the query of an address names; None where it names none, or what can be no guild's number."""
    asked = QueryParams(query).get("guild", "") if b"guild" in query else ""
    is_number = asked.isascii() and asked.isdigit() and len(asked) <= LONGEST_NUMBER
    return int(asked) if is_number and int(asked) <= LARGEST_INTEGER else None


def services_of(request: Request) -> Services:
    return cast("Services", request.app.state.services)


def speak_as_asked(request: Request) -> None:
    """Speak the language that a browser asks for, until the guard knows which guild the request is about."""
    speak(best_of(request.headers.get("accept-language", "")))


def cookie_name(settings: Settings, name: str) -> str:
    """Return the full name of a cookie. Over TLS it has the prefix by which browsers take it from this host alone."""
    return f"__Host-{name}" if settings.is_over_tls else name


def session_of(request: Request) -> str | None:
    """Return the secret of the session that a browser sent, valid or not."""
    return request.cookies.get(cookie_name(services_of(request).settings, SESSION_COOKIE)) or None


def claim_session_of(request: Request) -> str | None:
    """Return the secret of a member's session for claiming that a browser sent, valid or not."""
    return request.cookies.get(cookie_name(services_of(request).settings, CLAIM_COOKIE)) or None


def session_of_forms(request: Request) -> str | None:
    """Return the session whose own forms count at this address: the page of members has a session of its own."""
    is_claiming = is_below(CLAIM_PREFIX, request.scope["path"])
    return claim_session_of(request) if is_claiming else session_of(request)


def keep_cookie(response: Response, settings: Settings, name: str, value: str, lifetime: timedelta) -> None:
    """Have a browser keep a secret: out of reach of scripts and of other sites' requests, and over TLS where there is any."""
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=int(lifetime.total_seconds()),
        httponly=True,
        secure=settings.is_over_tls,
        samesite="lax",
    )


def drop_cookie(response: Response, settings: Settings, name: str) -> None:
    full = cookie_name(settings, name)
    response.delete_cookie(full, httponly=True, secure=settings.is_over_tls, samesite="lax")


def viewer_of(request: Request) -> Caller:
    """Return who asks, for a route that only shows something; a route that the guard does not cover stays closed, too."""
    caller = getattr(request.state, "caller", None)
    if not isinstance(caller, Caller):
        raise HTTPException(401, tr("Sign in first."))
    return caller


def officer_of(caller: Annotated[Caller, Depends(viewer_of)]) -> Caller:
    """Return who asks, for a route that changes data."""
    return _with_role(caller, "officer")


def administrator_of(caller: Annotated[Caller, Depends(viewer_of)]) -> Caller:
    """Return who asks, for a route that changes settings, or shows what only administrators see."""
    return _with_role(caller, "administrator")


def installer_of(caller: Annotated[Caller, Depends(viewer_of)]) -> Caller:
    """Return who asks, for a route that sets up the installation itself."""
    if not caller.may_set_up:
        raise HTTPException(
            403,
            tr(
                "Only an administrator of all guilds can set up PATT. Ask the person who runs it for a link: patt admin link"
            ),
        )
    return caller


def _with_role(caller: Caller, role: Role) -> Caller:
    if not caller.may_act_as(role):
        raise HTTPException(403, f"{is_for(role)} {signed_in_as(caller.name, caller.role)}")
    return caller


def open_to_all() -> None:
    """Declare that a route is for everyone. Each route has this, or `uploader_of`, `viewer_of` or what stands on that."""


ServicesDep = Annotated[Services, Depends(services_of)]
ViewerDep = Annotated[Caller, Depends(viewer_of)]
OfficerDep = Annotated[Caller, Depends(officer_of)]
AdministratorDep = Annotated[Caller, Depends(administrator_of)]
_GUILD = "Number of the guild; needed only when there are several."
GuildQuery = Annotated[int | None, Query(ge=1, le=LARGEST_INTEGER, description=_GUILD, examples=[1])]
PageQuery = Annotated[int, Query(ge=1, le=LARGEST_INTEGER, description="Page of 50, counted from 1.", examples=[1])]


def number_of(what: str, example: int = 1, *, largest: int = LARGEST_BIGINT) -> Any:
    """Declare a number in a path."""
    return Path(ge=1, le=largest, description=f"Number of the {what}.", examples=[example])


IssueId = Annotated[int, number_of("issue")]
AttemptId = Annotated[int, number_of("attempt to fix")]
PlayerId = Annotated[int, number_of("player")]
CharacterId = Annotated[int, number_of("character")]
UploadId = Annotated[int, number_of("upload")]
MatchId = Annotated[int, number_of("request for a full match")]
IssueType = Annotated[str, Path(description="A rule, such as orphan_wow.", examples=["orphan_wow"])]


def guild_in_reach(caller: ViewerDep, guild: GuildQuery = None) -> int | None:
    """Return the guild that the request is about; None when it names none and may be about any."""
    return caller.guild_in_reach(guild)


GuildDep = Annotated[int | None, Depends(guild_in_reach)]
