"""The Inbox: what is open, as a list of questions, and the one that an officer is answering."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Depends, Query
from starlette.responses import RedirectResponse, Response

from patt.api import inbox as api
from patt.api.players import decision_query, fields_of
from patt.pages.layout import View, Visit, VisitDep
from patt.pages.words import SOURCES
from patt.web.context import GuildDep, IssueId, viewer_of
from patt.web.finding import LONGEST_SEARCH
from patt.web.places import INBOX
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.insights import inbox as insight
from sv_common.guild_sync.insights.inbox.model import Entry, EntryGroup, Group, Inbox, Question

HOME = INBOX.href
FIRST_SHOWN = 50
"""Questions of a group that the list shows at once."""

FOLLOWING = 8
"""Questions that an answer's form names as the next ones: the first of them that is still open is shown then."""

Shown = Literal["all", "characters", "discord", "roles"]
KINDS: Mapping[Shown, str] = {"all": "All", "characters": "Characters", "discord": "Discord", "roles": "Roles"}
ABOUT: Mapping[Group, str] = {
    Group.READY: "one click each",
    Group.SUGGESTED: "pick the right one",
    Group.NEEDS_YOU: "no evidence yet",
    Group.INFORMATION: "nothing to do",
}

router = APIRouter(prefix=HOME, dependencies=[Depends(viewer_of)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class InboxView(View):
    """Which questions are listed, and where an answer leads on."""

    home = HOME
    show: Shown = "all"
    all: Group | Literal[""] = ""
    following: tuple[int, ...] = ()

    def shown(self) -> Iterable[str]:
        return "guild", "show", "all"

    def href_of(self, place: int | str) -> str:
        """Return the address of a question, or of another page of the Inbox."""
        return self.href().replace(HOME, f"{HOME}/{place}", 1)

    def after(self, key: int) -> str:
        """Return where an answer to a question leads: to the next one that is still open then."""
        later = self.following[self.following.index(key) + 1 :] if key in self.following else self.following
        then = ".".join(str(each) for each in later[:FOLLOWING])
        return f"{self.href_of(f'{key}/next')}&then={then}"


@dataclass(frozen=True, slots=True)
class Bunch:
    """The questions of a group as the list shows them."""

    group: Group
    name: str
    about: str
    total: int
    entries: Sequence[Entry]
    holds_open: bool


def _view(
    guild: GuildDep,
    show: Annotated[Shown, Query()] = "all",
    all: Annotated[Group | Literal[""], Query()] = "",  # noqa: A002 - it is the name in the address
) -> InboxView:
    return InboxView(guild or 0, show, all)


ViewDep = Annotated[InboxView, Depends(_view)]
FindQuery = Annotated[str, Query(max_length=LONGEST_SEARCH)]
AnsweredQuery = Annotated[int | None, Query(ge=1)]


def kind_of(entry: Entry) -> Shown:
    """Return what a question is about, as the list can be narrowed to it."""
    if entry.issue_type == "role_mismatch" or entry.subject.kind == "rank":
        return "roles"
    return "discord" if entry.subject.kind == "member" else "characters"


@router.get("")
async def inbox(visit: VisitDep, view: ViewDep) -> Response:
    """Show all questions, and beside them what comes first: a full match that would link somebody, or the first question."""
    return await _page(visit, view, None)


@router.get("/safe")
async def safe(visit: VisitDep, view: ViewDep) -> Response:
    """Show every change that applying the safe fixes would make."""
    async with visit.reading() as (here, guild, known):
        fixes = await insight.safe_fixes(here)
    return visit.page("inbox/safe", guild=guild, guilds=known, view=replace(view, guild=guild.id), fixes=fixes.fixes)


@router.get("/{key}")
async def question(
    visit: VisitDep, view: ViewDep, key: IssueId, answered: AnsweredQuery = None, find: FindQuery = ""
) -> Response:
    """Show one question beside the list; `find` looks for somebody else who could be meant."""
    return await _page(visit, view, key, answered=answered, find=find.strip())


@router.get("/{key}/next")
async def following(
    visit: VisitDep, view: ViewDep, key: IssueId, then: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Lead on to the first question of those named that is still open; by default to the first of all."""
    async with visit.reading() as (here, guild, _):
        still_open = [each.key for each in _entries(await insight.inbox(here), view.show)]
    named = [int(each) for each in then.split(".") if each.isdecimal() and len(each) <= 18]
    chosen = next((each for each in named if each in still_open), still_open[0] if still_open else None)
    here_view = replace(view, guild=guild.id)
    target = here_view.href_of(chosen) if chosen else here_view.href()
    return RedirectResponse(f"{target}&answered={key}" if chosen else target, 303)
