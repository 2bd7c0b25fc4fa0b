"""The full match API: look at what it would do, ask for it, and see what became of it. For officers only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query
from pydantic import ConfigDict, Field

from patt.api.routing import ReadingDep, officer_router
from patt.queue.tasks import Task
from patt.web.context import GuildDep, MatchId, OfficerDep, PageQuery, ServicesDep
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.core.paging import Page, page_of
from sv_common.guild_sync.identity_engine import MatchEvidence, MatchGroup, MatchReport, preview_matching
from sv_common.guild_sync.insights import activity
from sv_common.guild_sync.insights.activity import MatchRun
from sv_common.guild_sync.jobs import matches
from sv_common.guild_sync.jobs.matches import MatchRequest
from sv_common.guild_sync.roster import guilds

_KEY = re.compile("[0-9a-f]{16}")

router = officer_router("full-match", "full match")


@dataclass(frozen=True, slots=True)
class MatchPreview(Page[MatchGroup]):
    """What a full match would do now, 50 people a page. Nothing was changed."""

    items: Sequence[MatchGroup]
    guild_id: int
    players_created: int
    characters_linked: int
    left_alone: int
    by_evidence: Annotated[
        Mapping[MatchEvidence, int],
        Field(
            description="How many people there are of each kind of evidence.",
            examples=[{"known_player": 2, "discord_member": 5, "main": 1, "nickname": 0}],
        ),
    ]


@dataclass(frozen=True, slots=True)
class WhomToMatch:
    """The people to match; without a list, all of them."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # a misspelled list must not mean all of them

    selected: Annotated[
        Sequence[str] | None,
        Field(
            max_length=2000,
            description="Keys of people from the preview. People whose match has changed since are skipped.",
            examples=[["0f3c9a5be1d24c77"]],
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class RequestedMatch:
    """A requested full match; its number shows the outcome."""

    request_id: int
    is_new: Annotated[bool, Field(description="False if one was already queued.")]
    sentence: str


@router.get("/preview", summary="Preview a full match")
async def preview(
    services: ServicesDep,
    guild: GuildDep,
    evidence: Annotated[
        MatchEvidence | None, Query(description="Only people of this kind of evidence.", examples=["main"])
    ] = None,
    page: PageQuery = 1,
) -> MatchPreview:
    """Every person that it would make or add to, with the evidence, 50 a page; nothing is changed."""
    return people_of(await preview_matching(services.pool, guild_id=guild), evidence=evidence, number=page)


@router.get("/preview/undecided", summary="People that a full match skips")
async def undecided(services: ServicesDep, guild: GuildDep, page: PageQuery = 1) -> Page[MatchGroup]:
    """Every person without certain evidence, with the reason, 50 a page."""
    return undecided_of(await preview_matching(services.pool, guild_id=guild), number=page)


@router.get("", summary="Full matches, 50 a page")
async def runs(here: ReadingDep, page: PageQuery = 1) -> Page[MatchRun]:
    """The one that waits first, then the newest; each with the attempt that undoes it."""
    return await activity.match_runs(here, number=page)


@router.post("", status_code=202, summary="Queue a full match")
async def ask(
    services: ServicesDep, officer: OfficerDep, guild: GuildDep = None, body: WhomToMatch | None = None
) -> RequestedMatch:
    """Of everybody, or of the people who are selected by their keys. A worker does it; all of it can be undone.

    While one waits for this guild, no second one is added, and another choice is refused.
    """
    selected = body.selected if body else None
    if selected is not None:
        _check(selected)
    number = await guilds.resolve_guild(services.pool, guild)
    async with services.pool.writing(number, alone=False) as here:
        request_id, is_new = await matches.ask(here, actor=officer.actor, selected=selected)
    if is_new and services.queue is not None:
        await services.queue.enqueue(Task.FULL_MATCH, number)
    return RequestedMatch(request_id, is_new, _queued(is_new, selected))


def _queued(is_new: bool, selected: Sequence[str] | None) -> str:
    if not is_new:
        return tr("A full match is already queued; only one runs at a time.")
    if selected is None:
        return tr("The full match is queued.")
    return tr_n(
        "The full match of {n} selected is queued.", "The full match of {n} selected is queued.", len(set(selected))
    )


@router.get("/{request_id}", summary="Result of a full match")
async def status(here: ReadingDep, request_id: MatchId) -> MatchRequest:
    """Whether it waits, is done or has failed, and which attempt takes it back."""
    return await matches.get(here, request_id)


def people_of(report: MatchReport, *, evidence: MatchEvidence | None, number: int) -> MatchPreview:
    """Return one page of the people of a preview, by kind of evidence, the strongest first."""
    people = [group for kind in MatchEvidence for group in report.groups if group.evidence is kind]
    found = page_of([person for person in people if evidence in (None, person.evidence)], number)
    by_evidence = {kind: sum(person.evidence is kind for person in people) for kind in MatchEvidence}
    return MatchPreview(
        found.items,
        found.number,
        found.pages,
        found.total,
        guild_id=report.guild_id,
        **report.counts,
        by_evidence=by_evidence,
    )


def undecided_of(report: MatchReport, *, number: int) -> Page[MatchGroup]:
    """Return one page of those whom a preview leaves alone, by the reason."""
    return page_of(sorted(report.left_alone, key=lambda group: (group.reason, group.name)), number)


def _check(selected: Sequence[str]) -> None:
    if not selected:
        raise BadInput(tr("No one is selected, so nothing was queued. Select at least one person."))
    if any(not _KEY.fullmatch(key) for key in selected):
        raise BadInput(tr("A key in “selected” is not in the preview. Preview it again and select there."))
