"""The Inbox: what is open, as a list of questions, and the one that an officer is answering."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from patt.api import inbox as api
from patt.api.players import form_pairs
from patt.pages.layout import View, Visit, VisitDep
from patt.pages.words import SOURCES, translated
from patt.web.context import GuildDep, IssueId, viewer_of
from patt.web.finding import LONGEST_SEARCH
from patt.web.places import INBOX
from patt.web.rendering import page
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.undo_offer import as_ranges
from sv_common.guild_sync.insights.inbox.beside import inbox_and_question
from sv_common.guild_sync.insights.inbox.listing import safe_fixes
from sv_common.guild_sync.insights.inbox.model import Entry, EntryGroup, Group, Inbox, Question
from sv_common.guild_sync.insights.inbox.wording import dismissals
from sv_common.guild_sync.insights.issue import ABOUT_A_MEMBER, ABOUT_A_PLAYER, ABOUT_AN_OWNER
from sv_common.guild_sync.issues.model import SubjectKind
from sv_common.guild_sync.roster.guilds import Guild

HOME = INBOX.href
QUESTION = "question"
"""The part of the page that shows a question."""

MANY = 5
"""Characters that a full match would link, from which on the landing page shows it before the first question."""

FIRST_SHOWN = 12
"""Questions of a group that the list shows at once."""

ANSWERS_SHOWN = 4
"""Answers that are shown at once, so that each has a key, and what follows them too."""

FOLLOWING = 8
"""Questions that an answer's form names as the next ones: the first of them that is still open is shown then."""

Shown = Literal["all", "characters", "discord", "roles"]
KINDS: Mapping[Shown, str] = {
    "all": mark("All"),
    "characters": mark("Characters"),
    "discord": mark("Discord"),
    "roles": mark("Roles"),
}
ABOUT: Mapping[Group, str] = {
    Group.READY: mark("one click each"),
    Group.SUGGESTED: mark("pick the right one, most characters first"),
    Group.NEEDS_YOU: mark("no evidence yet, most characters first"),
    Group.INFORMATION: mark("nothing to do"),
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
ThenQuery = Annotated[str, Query(max_length=200)]
_LONGEST_NUMBER = 18


def kind_of(entry: Entry) -> Shown:
    """Return what a question is about, as the list can be narrowed to it."""
    if entry.issue_type in ABOUT_A_PLAYER or entry.subject.kind == "member":
        return "discord"
    return "roles" if entry.subject.kind in ("player", "rank") else "characters"


@router.get("")
async def inbox(visit: VisitDep, view: ViewDep) -> Response:
    """Show all questions, and beside them what comes first: a full match that would link somebody, or the first question."""
    if not visit.is_whole:
        return await _page(visit, view)
    async with visit.snapshot() as known:
        if not known:
            return visit.page("inbox/inbox", guild=None)
        guild = visit.chosen_of(known)

    async def rest() -> dict[str, Any]:
        async with visit.services.pool.reading(guild.id) as here:
            found, shown = await inbox_and_question(here, (), is_any=True, only=_only(view.show))
        return await _context(visit, replace(view, guild=guild.id), known, found, shown)

    return visit.page_as_read("inbox/inbox", rest, guild=guild, question=None)


@router.get("/safe")
async def safe(visit: VisitDep, view: ViewDep) -> Response:
    """Show every change that applying the safe fixes would make."""
    async with visit.reading() as (here, guild, known):
        found = await safe_fixes(here)
    chosen = replace(view, guild=guild.id)
    return visit.page("inbox/safe", guild=guild, guilds=known, view=chosen, shown=found.fixes)


@router.get("/{key}")
async def question(
    visit: VisitDep, view: ViewDep, key: IssueId, answered: AnsweredQuery = None, find: FindQuery = ""
) -> Response:
    """Show one question beside the list; `find` looks for somebody else who could be meant."""
    return await _page(visit, view, key, answered=answered, find=find.strip())


@router.get("/{key}/people")
async def people(visit: VisitDep, key: IssueId, find: FindQuery = "") -> Response:
    """Show the options of the field “Somebody else”, as a part of the page."""
    found = await api.somebody_else(visit.services, key, find, visit.guild_id)
    query_of = [(each, urlencode(form_pairs(each.decision))) for each in found]
    return page("admin/inbox/people.html", {"found": query_of, "find": find})


@router.get("/{key}/next")
async def following(visit: VisitDep, view: ViewDep, key: IssueId, then: ThenQuery = "") -> Response:
    """Show the first question of those named that is still open; by default the first of all."""
    named = [int(each) for each in then.split(".") if each.isdecimal() and len(each) <= _LONGEST_NUMBER]
    return await _page(visit, view, *named, answered=key, is_onward=True)


async def _page(
    visit: Visit,
    view: InboxView,
    *keys: int,
    answered: int | None = None,
    find: str = "",
    is_onward: bool = False,
) -> Response:
    """Show the list, and beside it the first of these questions that is open; a script gets the question alone."""
    async with visit.snapshot() as known:
        if not known:
            return visit.page("inbox/inbox", guild=None)
        here, guild = await visit.narrow(known)
        found, shown = await inbox_and_question(here, keys, is_any=is_onward or not keys, only=_only(view.show))
    context = await _context(
        visit,
        replace(view, guild=guild.id),
        known,
        found,
        shown,
        keys,
        answered=answered,
        find=find,
        is_onward=is_onward,
    )
    is_part = visit.target == QUESTION
    response = visit.page("inbox/part" if is_part else "inbox/inbox", **context)
    if is_part and is_onward:
        response.headers["HX-Push-Url"] = context["view"].href_of(shown.key) if shown else context["view"].href()
    return response


async def _context(
    visit: Visit,
    view: InboxView,
    known: Sequence[Guild],
    found: Inbox,
    shown: Question | None,
    keys: Sequence[int] = (),
    *,
    answered: int | None = None,
    find: str = "",
    is_onward: bool = False,
) -> dict[str, Any]:
    """Return what the page shows of what was read; nothing is held any more."""
    guild = visit.chosen_of(known)
    listed = [entry for group in found.groups for entry in group.entries if _is_shown(entry, view.show)]
    view = replace(view, following=tuple(entry.key for entry in listed))
    is_landing = not keys and not is_onward
    sheet = "match" if is_landing and found.match and found.match.characters_linked >= MANY else None
    if keys and shown is None and not is_onward:
        sheet = "gone"
    return {
        "guild": guild,
        "guilds": known,
        "inbox": found,
        "view": view,
        "question": None if sheet else shown,
        "sheet": sheet,
        "gone": keys[0] if keys else None,
        "first": listed[0].key if listed else None,
        "kinds": [(name, tr(label), _count(found, name)) for name, label in KINDS.items()],
        "bunches": [_bunch(group, view, shown) for group in found.groups],
        "sources": translated(SOURCES),
        "dismiss_presets": dismissals(SubjectKind.CHARACTER),
        "finds_people": shown is not None
        and shown.entry.issue_type in ABOUT_AN_OWNER | ABOUT_A_MEMBER | ABOUT_A_PLAYER,
        "find": find,
        "found": await api.somebody_else(visit.services, shown.key, find, guild.id) if shown and find else [],
        "answered": answered,
        "here": view.href_of(answered) if answered else visit.address,
        "is_open": bool(keys) or is_onward,
        "pairs_of": form_pairs,
        "most_shown": ANSWERS_SHOWN,
        "along": as_ranges(shown.entry.along) if shown else "",
        "toast_target": f"#{QUESTION}",
        "is_part": visit.target == QUESTION,
    }


def _only(show: Shown) -> Callable[[Entry], bool]:
    return lambda entry: _is_shown(entry, show)


def _is_shown(entry: Entry, show: Shown) -> bool:
    return show in ("all", kind_of(entry))


def _count(found: Inbox, show: Shown) -> int:
    return sum(_is_shown(entry, show) for group in found.groups for entry in group.entries)


def _bunch(group: EntryGroup, view: InboxView, shown: Question | None) -> Bunch:
    entries = [entry for entry in group.entries if _is_shown(entry, view.show)]
    is_whole = view.all == group.group
    holds_open = shown is not None and any(entry.key == shown.key for entry in entries)
    return Bunch(
        group.group,
        group.name,
        tr(ABOUT[group.group]),
        len(entries),
        entries if is_whole else entries[:FIRST_SHOWN],
        holds_open,
    )
