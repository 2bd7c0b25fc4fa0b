"""The API of undoing: attempts, alone or together, what officers said of issues, and the caller's last change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeAlias

from fastapi import Query
from pydantic import Field

from patt.api.issue import SeenDep
from patt.api.routing import ReadingDep, officer_router
from patt.web import own_rights
from patt.web.context import AttemptId, GuildDep, OfficerDep, ServicesDep, ViewerDep
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.changes.describe import Effect
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.core.plain_text import LONGEST_TEXT
from sv_common.guild_sync.core.undo_offer import (
    LONGEST_LIST,
    UndoOffer,
    read_ranges,
    undo_of_attempts,
    undo_of_events,
)
from sv_common.guild_sync.engine.results import UndoReport
from sv_common.guild_sync.engine.undo_preview import BlockedPeople, UndoPreview
from sv_common.guild_sync.engine.undoing.blockers import LaterAttempt, told
from sv_common.guild_sync.insights.last_change import LastChange, last_change_of
from sv_common.guild_sync.issues import lifecycle

_PARTLY = "Undo what can be undone, person by person, and leave the rest for later."

_REASON = "Needed to undo what a member has said of their own characters; kept and shown."

AttemptsQuery = Annotated[
    str, Query(max_length=LONGEST_LIST, description="Numbers of attempts.", examples=["812-815,820"])
]

NeedsReason: TypeAlias = Annotated[
    str | None,
    Field(
        description="What a member has said of their own characters, so that the undo needs a reason; null for nothing.",
        examples=["Member Mito said that of their own characters."],
    ),
]

router = officer_router("data-quality", "data quality")
for_activity = officer_router("activity", "activity")


@dataclass(frozen=True, slots=True)
class UndoAttempts:
    """Attempts to undo at once: exactly these, and nothing that was done since."""

    attempts: Annotated[str, Field(max_length=LONGEST_LIST, description="Their numbers.", examples=["812-815,820"])]
    partly: Annotated[bool, Field(description=_PARTLY)] = False
    reason: Annotated[str, Field(max_length=LONGEST_TEXT, description=_REASON, examples=["Sold."])] = ""


@dataclass(frozen=True, slots=True)
class UndoReason:
    """Why an attempt is undone."""

    reason: Annotated[str, Field(max_length=LONGEST_TEXT, description=_REASON, examples=["Sold."])] = ""


@dataclass(frozen=True, slots=True)
class UndoWords:
    """What officers dismissed, reopened or resolved, to be undone."""

    events: Annotated[
        str, Field(max_length=LONGEST_LIST, description="The numbers that its `undo` has.", examples=["1040-1042"])
    ]


@dataclass(frozen=True, slots=True)
class UndoneIssues:
    """Issues that are as they were before an officer's word; those to which something happened since are left alone."""

    sentence: str
    moved: Annotated[int, Field(description="How many issues are as before.")]
    left_alone: int
    left: Annotated[Mapping[int, str], Field(description="Why an issue is left alone.", examples=[{}])]
    undo: UndoOffer | None


@dataclass(frozen=True, slots=True)
class UndoWithLater:
    """An undo together with the later changes that stand in its way."""

    sentence: Annotated[str, Field(examples=["Undo both"])]
    attempts: Annotated[Sequence[LaterAttempt], Field(description="All that it undoes, newest first.", examples=[[]])]
    effects: Sequence[Effect]
    total: Annotated[int, Field(description="How many lines there are; only the first 200 are listed.")]
    undo: UndoOffer
    needs_reason: NeedsReason


@dataclass(frozen=True, slots=True)
class UndoAhead:
    """What an undo would put back now. Nothing was changed. Of several attempts, who and when are those of the newest."""

    attempt_id: int
    attempt_ids: Sequence[int]
    guild_id: int
    issue_id: int | None
    actor: Annotated[str, Field(description="Who made the attempt.")]
    started_at: datetime
    reason: str
    can_be_undone: bool
    obstacle: Annotated[
        str | None,
        Field(
            description="Why it cannot be undone.",
            examples=["bob moved Grimalt from Elrek to Mito on 3 Nov. Undo that first, or undo both."],
        ),
    ]
    later: Annotated[
        Sequence[LaterAttempt], Field(description="Who changed what since, newest first, where that is the reason.")
    ]
    together: Annotated[
        UndoWithLater | None,
        Field(description="What works at once where later changes stand in the way; null where that does not work."),
    ]
    parts: Annotated[
        int,
        Field(
            description="Where it cannot be undone whole: of how many people it can be, with `partly`. Else 0.",
            examples=[0],
        ),
    ]
    blocked: Annotated[
        Sequence[BlockedPeople],
        Field(
            description="Where it can be undone in part: who keeps the rest from it; of very many only the first 50."
        ),
    ]
    blocked_total: Annotated[int, Field(description="How many those are.", examples=[0])]
    effects: Annotated[
        Sequence[Effect],
        Field(
            description="What stands there now, and what would stand there again; of a part, what that would put back."
        ),
    ]
    total: Annotated[int, Field(description="How many lines there are; of very many only the first 200 are listed.")]
    needs_reason: NeedsReason
    seen: Annotated[
        str,
        Field(description="Send it with the undo, and it is refused if someone was faster.", examples=["1042"]),
    ]


@router.get("/attempts/undo", summary="What undoing several fixes would change")
async def preview_together(
    services: ServicesDep, viewer: ViewerDep, attempts: AttemptsQuery, guild: GuildDep = None
) -> UndoAhead:
    """What stands there now and what would stand there again, or who changed what since; nothing is changed."""
    found = await mitigations.preview_undo_together(
        services.pool,
        read_ranges(attempts),
        guild_id=guild,
        discord_bot=services.sources.discord,
        guard=own_rights.guard_of(viewer),
    )
    return _ahead(found)


@router.post("/attempts/undo", summary="Undo several fixes at once")
async def undo_together(
    services: ServicesDep, officer: OfficerDep, body: UndoAttempts, guild: GuildDep = None
) -> UndoReport:
    """All rows in one transaction, whole or not at all; then roles on Discord, where an error stops it and is reported.

    With `partly`, everything that can be put back is, person by person; `left` lists the rest.
    """
    return await mitigations.undo_together(
        services.pool,
        read_ranges(body.attempts),
        actor=officer.actor,
        guild_id=guild,
        discord_bot=services.sources.discord,
        partly=body.partly,
        reason=body.reason,
        guard=own_rights.guard_of(officer),
    )


@router.get("/attempts/{attempt_id}/undo", summary="What undoing a fix would change")
async def undo_preview(
    services: ServicesDep, viewer: ViewerDep, attempt_id: AttemptId, guild: GuildDep = None
) -> UndoAhead:
    """What stands there now and what would stand there again, or who changed what since; nothing is changed."""
    found = await mitigations.preview_undo(
        services.pool,
        attempt_id,
        guild_id=guild,
        discord_bot=services.sources.discord,
        guard=own_rights.guard_of(viewer),
    )
    return _ahead(found)


@router.post("/attempts/{attempt_id}/undo", summary="Undo a fix")
async def undo(
    services: ServicesDep,
    officer: OfficerDep,
    attempt_id: AttemptId,
    guild: GuildDep = None,
    seen: SeenDep = None,
    partly: Annotated[bool, Query(description=_PARTLY, examples=[False])] = False,
    body: UndoReason | None = None,
) -> UndoReport:
    """Undo exactly what an attempt changed; refused if someone changed it since.

    With `partly`, everything that can be put back is, person by person; `left` lists the rest.
    """
    return await mitigations.undo(
        services.pool,
        attempt_id,
        actor=officer.actor,
        guild_id=guild,
        discord_bot=services.sources.discord,
        seen=seen,
        partly=partly,
        reason=body.reason if body else "",
        guard=own_rights.guard_of(officer),
    )


@router.post("/issues/undo", summary="Undo what an officer said of issues")
async def undo_words(
    services: ServicesDep, officer: OfficerDep, body: UndoWords, guild: GuildDep = None
) -> UndoneIssues:
    """Undo a dismissal, a reopening or a manual resolution, of one issue or many; refused if something happened since."""
    numbers = read_ranges(body.events)
    guild_id = await lifecycle.guild_of_event(services.pool, numbers[0], guild)
    async with services.pool.writing(guild_id) as here:
        done = await lifecycle.undo_words(here, numbers, actor=officer.actor)
    count = len(done.issue_ids)
    sentence = tr_n("Undone. {n} issue is as before.", "Undone. {n} issues are as before.", count)
    if done.left:
        why = next(iter(done.left.values()))
        left_alone = tr_n("{n} left alone: {reason}", "{n} left alone: {reason}", len(done.left), reason=why)
        sentence = f"{sentence} {left_alone}"
    offer = undo_of_events(done.event_ids, is_undo=True)
    return UndoneIssues(sentence, count, len(done.left), done.left, offer)


@for_activity.get("/last", summary="Your last change")
async def last_change(here: ReadingDep, viewer: ViewerDep) -> LastChange | None:
    """What the caller did last that stands, with how to undo it; null for nothing."""
    return await last_change_of(here, viewer.actor)


def _ahead(found: UndoPreview) -> UndoAhead:
    attempt = found.attempt
    return UndoAhead(
        attempt_id=attempt.id,
        attempt_ids=[each.id for each in found.attempts],
        guild_id=attempt.guild_id,
        issue_id=attempt.issue_id,
        actor=attempt.actor,
        started_at=attempt.started_at,
        reason=attempt.reason,
        can_be_undone=found.obstacle is None,
        obstacle=found.obstacle,
        later=found.later,
        together=_together(found),
        parts=found.parts,
        blocked=found.blocked,
        blocked_total=found.blocked_total,
        effects=found.effects,
        total=found.total,
        needs_reason=found.needs_reason,
        seen=str(found.seen),
    )


def _together(found: UndoPreview) -> UndoWithLater | None:
    if found.together is None:
        return None
    offer = undo_of_attempts([each.id for each in found.together.attempts])
    if offer is None:
        return None
    count = len(found.together.attempts)
    label = tr("Undo both") if count == 2 else tr_n("Undo all {n}", "Undo all {n}", count)
    return UndoWithLater(
        label,
        [told(each) for each in found.together.attempts],
        found.together.effects,
        found.together.total,
        UndoOffer(offer.post, offer.fields, label),
        found.together.needs_reason,
    )
