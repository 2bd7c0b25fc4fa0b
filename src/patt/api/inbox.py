"""The API of the Inbox: its list, one question, and what an officer does about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import Query
from pydantic import Field

from patt.api.issue import SeenDep
from patt.api.issues import Reason
from patt.api.players import SearchQuery
from patt.api.routing import ReadingDep, officer_router
from patt.web import own_rights
from patt.web.context import GuildDep, OfficerDep, ServicesDep, number_of
from patt.worker.jobs import MOST_SELECTED, IssueNumber, SelectedIssues
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.undo_offer import LONGEST_LIST, read_ranges
from sv_common.guild_sync.identity.decisions import Decision
from sv_common.guild_sync.inbox import commands
from sv_common.guild_sync.inbox.commands import FixedReady
from sv_common.guild_sync.insights.inbox import listing
from sv_common.guild_sync.insights.inbox.model import Answered, Inbox, Question, SafeFixes, SetApart
from sv_common.guild_sync.insights.inbox.question import question as question_of
from sv_common.guild_sync.insights.inbox.somebody import Somebody, somebody
from sv_common.guild_sync.insights.inbox.wording import why_snoozed
from sv_common.guild_sync.issues import lifecycle

LONGEST_SNOOZE = 365

QuestionKey = Annotated[int, number_of("question: of any of its issues")]

router = officer_router("inbox", "inbox")


@dataclass(frozen=True, slots=True)
class DismissQuestion:
    """Why a question is dismissed."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class SnoozeQuestion:
    """When a question comes back: on a day, or in some days."""

    until: Annotated[date | None, Field(description="The day (UTC) on which it comes back.")] = None
    days: Annotated[
        int | None, Field(ge=1, le=LONGEST_SNOOZE, description="Instead: in how many days.", examples=[7])
    ] = None

    @property
    def end(self) -> date:
        """The day on which it comes back. Raises `BadInput` where neither or both are given."""
        if (self.until is None) is (self.days is None):
            raise BadInput(tr("Say when the question comes back: either `until` with a day, or `days`."))
        return self.until or datetime.now(UTC).date() + timedelta(self.days or 0)


@dataclass(frozen=True, slots=True)
class SetQuestionsApart:
    """Questions to dismiss together, and why; with `days`, they are snoozed."""

    keys: Annotated[
        list[IssueNumber],
        Field(max_length=MOST_SELECTED, description="Keys of the questions.", examples=[[12, 15]]),
    ]
    reason: Annotated[str, Field(max_length=500, description="Why; a snooze needs none.")] = ""
    days: Annotated[
        int | None, Field(ge=1, le=LONGEST_SNOOZE, description="In how many days they come back.", examples=[7])
    ] = None


AlongQuery = Annotated[
    str,
    Query(
        max_length=LONGEST_LIST,
        description="The issues that the question shows as `along`, as numbers and ranges.",
        examples=["12,15-18"],
    ),
]


@router.get("", summary="All that is open, as questions")
async def inbox(here: ReadingDep) -> Inbox:
    """Ready first, then suggested, then what needs an officer, then what is for information; and what stands above them."""
    return await listing.inbox(here)


@router.get("/safe-fixes", summary="What applying the safe fixes would change")
async def safe_fixes(here: ReadingDep) -> SafeFixes:
    """The ready fixes that rest on certain evidence, with each change; nothing is done. Send their keys to `fix`."""
    return await listing.safe_fixes(here)


@router.post("/fix", summary="Apply fixes that are ready")
async def fix(services: ServicesDep, officer: OfficerDep, body: SelectedIssues, guild: GuildDep = None) -> FixedReady:
    """`seen` holds the `plan_key` of each question. One alone is an officer’s decision; several go by evidence alone."""
    return await commands.fix_ready(
        services.pool,
        body.issue_ids,
        actor=officer.actor,
        guild_id=guild,
        discord_bot=services.sources.discord,
        plan_keys=body.seen,
        guard=own_rights.guard_of(officer),
    )


@router.post("/dismiss", summary="Dismiss or snooze several questions")
async def dismiss_several(
    services: ServicesDep, officer: OfficerDep, body: SetQuestionsApart, guild: GuildDep = None
) -> SetApart:
    """All of them or none: a question that is closed already is refused (409)."""
    today = datetime.now(UTC).date()
    until = today + timedelta(body.days) if body.days is not None else None
    reason = why_snoozed(until, today) if until is not None else body.reason
    return await commands.set_apart(
        services.pool, body.keys, reason=reason, until=until, actor=officer.actor, guild_id=guild
    )


@router.get("/{key}", summary="One question")
async def question(services: ServicesDep, key: QuestionKey, guild: GuildDep = None) -> Question:
    """What is known, who could be meant, and each answer with what to send and what it would change.

    409 where it is closed: the sentence says who did what.
    """
    async with services.pool.reading(await lifecycle.guild_of(services.pool, key, guild)) as here:
        return await question_of(here, key)


@router.get("/{key}/people", summary="Who else could be meant")
async def somebody_else(
    services: ServicesDep, key: QuestionKey, q: SearchQuery = "", guild: GuildDep = None
) -> list[Somebody]:
    """Players, characters and Discord members by any of their names, the best first, each with the answer to send."""
    async with services.pool.reading(await lifecycle.guild_of(services.pool, key, guild)) as here:
        return await somebody(here, key, q.strip())


@router.post("/{key}/answer", summary="Answer a question")
async def answer(
    services: ServicesDep,
    officer: OfficerDep,
    key: QuestionKey,
    body: Decision,
    guild: GuildDep = None,
    seen: SeenDep = None,
    along: AlongQuery = "",
) -> Answered:
    """Apply a decision: that of an answer, or about another person. It can be undone as a whole.

    With `along`, what is certain by it is settled, too: characters whose notes then name the same player.

    The `plan_key` of an answer also holds with `remember_note`, and that of a new player with another name.
    """
    return await commands.answer(
        services.pool,
        key,
        body,
        actor=officer.actor,
        guild_id=guild,
        seen=seen,
        along=read_ranges(along) if along else (),
        guard=own_rights.guard_of(officer),
    )


@router.post("/{key}/snooze", summary="Snooze a question")
async def snooze(
    services: ServicesDep,
    officer: OfficerDep,
    key: QuestionKey,
    body: SnoozeQuestion,
    guild: GuildDep = None,
    seen: SeenDep = None,
) -> Answered:
    """It comes back on that day, or when its evidence changes. Undo reopens it."""
    return await commands.snooze(services.pool, key, until=body.end, actor=officer.actor, guild_id=guild, seen=seen)


@router.post("/{key}/dismiss", summary="Dismiss a question")
async def dismiss(
    services: ServicesDep,
    officer: OfficerDep,
    key: QuestionKey,
    body: DismissQuestion,
    guild: GuildDep = None,
    seen: SeenDep = None,
) -> Answered:
    """For good, or until its evidence changes. Undo reopens it."""
    return await commands.dismiss(
        services.pool, key, reason=body.reason, actor=officer.actor, guild_id=guild, seen=seen
    )
