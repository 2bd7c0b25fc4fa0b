"""The API of one issue: why it is there, settling it by hand, and what undoing an attempt would change."""

from __future__ import annotations

from patt.api import commands, issue_reading
from patt.api.issue_models import IssueDetailAnswer, ResolveRequest, UndoPreviewAnswer
from patt.api.models import IssueMoveAnswer
from patt.api.officers import officer_router
from patt.api.seen import SeenDep
from patt.deps import AttemptId, GuildDep, IssueId, OfficerDep, ServicesDep, ViewerDep

router = officer_router("data-quality", "data quality")


@router.get("/issues/{issue_id}", summary="One issue with its history")
async def issue(services: ServicesDep, guild: GuildDep, issue_id: IssueId) -> IssueDetailAnswer:
    """Why it is there, who could be meant, every move, every attempt to fix, and what a fix would change now."""
    return await issue_reading.issue(services, issue_id, guild)


@router.post("/issues/{issue_id}/resolve", summary="Mark an issue as resolved by hand")
async def resolve(
    services: ServicesDep,
    officer: OfficerDep,
    guild: GuildDep,
    issue_id: IssueId,
    body: ResolveRequest,
    seen: SeenDep,
) -> IssueMoveAnswer:
    """Close it on an officer's word. A scan that still finds it opens it again; to keep it away, set it aside."""
    return await commands.resolve(services, officer, issue_id, guild_id=guild, reason=body.reason, seen=seen)


@router.get("/attempts/{attempt_id}/undo", summary="What undoing a fix would change")
async def undo_preview(
    services: ServicesDep, viewer: ViewerDep, guild: GuildDep, attempt_id: AttemptId
) -> UndoPreviewAnswer:
    """What stands there now and what would stand there again, or who changed what since; nothing is changed."""
    return await issue_reading.undo_preview(services, viewer, attempt_id, guild)
