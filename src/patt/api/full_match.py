"""The full match API: look at what it would do, ask for it, and see what became of it. For officers only."""

from __future__ import annotations

from dataclasses import asdict

from patt.api.models import MatchAnswer, MatchedPerson, MatchPreviewAnswer, MatchReceipt
from patt.api.officers import officer_router
from patt.deps import GuildDep, MatchId, OfficerDep, ServicesDep
from patt.queue import Task
from sv_common.guild_sync.identity_engine import MatchGroup, preview_matching
from sv_common.guild_sync.store import guilds, matches

router = officer_router("full-match", "full match")


@router.get("/preview", summary="What a full match would do")
async def preview(services: ServicesDep, guild: GuildDep) -> MatchPreviewAnswer:
    """Every person that it would make or add to, with the evidence; nothing is changed."""
    report = await preview_matching(services.pool, guild_id=guild)
    return MatchPreviewAnswer(
        guild_id=report.guild_id,
        **report.counts,
        people=[_person(group) for group in report.groups],
        undecided=[_person(group) for group in report.left_alone],
    )


@router.post("", status_code=202, summary="Ask for a full match")
async def ask(services: ServicesDep, officer: OfficerDep, guild: GuildDep) -> MatchReceipt:
    """A worker does it; all of it can be undone. While one waits for this guild, no second one is added."""
    async with services.pool.connection() as conn:
        number = (await guilds.the_only(conn, guild)).id
        request_id, is_new = await matches.ask(conn, number, actor=officer.actor)
    if is_new and services.queue is not None:
        await services.queue.ask_for(Task.FULL_MATCH, number)
    sentence = (
        "The full match is asked for." if is_new else "A full match is asked for already; there is one at a time."
    )
    return MatchReceipt(request_id=request_id, is_new=is_new, sentence=sentence)


@router.get("/{request_id}", summary="What became of a full match")
async def status(services: ServicesDep, guild: GuildDep, request_id: MatchId) -> MatchAnswer:
    """Whether it waits, is done or has failed, and which attempt takes it back."""
    async with services.pool.connection() as conn:
        request = await matches.get(conn, request_id, (await guilds.the_only(conn, guild)).id)
    return MatchAnswer(
        request_id=request.id, **{k: v for k, v in asdict(request).items() if k in MatchAnswer.model_fields}
    )


def _person(group: MatchGroup) -> MatchedPerson:
    return MatchedPerson(
        name=group.name,
        creates_player=group.creates_player,
        reason=group.reason,
        steps=[step.describe() for step in group.steps],
    )
