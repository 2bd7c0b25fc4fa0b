"""The data quality API: look for issues, fix them, and read what there is. For officers only."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from patt.api import commands, reading
from patt.api.models import (
    DismissRequest,
    FixAllAnswer,
    FixAnswer,
    IssueMoveAnswer,
    IssuesAnswer,
    PreviewAnswer,
    ScanAnswer,
    UndoAnswer,
    WakeRequest,
)
from patt.api.officers import officer_router
from patt.api.reading import LONGEST_SEARCH, Shown
from patt.api.rule_models import RuleAnswer
from patt.api.seen import PartlyQuery, SeenDep
from patt.deps import AttemptId, GuildDep, IssueId, IssueType, OfficerDep, PageQuery, ServicesDep
from sv_common.guild_sync.domain.issue import Severity

TextQuery = Annotated[
    str,
    Query(
        max_length=LONGEST_SEARCH,
        pattern=r"^[^\x00]*$",
        description="Words that the summary holds, with or without accents, in upper or lower case.",
        examples=["newalt"],
    ),
]

router = officer_router("data-quality", "data quality")


@router.post("/scan", summary="Run all detection rules now")
async def scan(services: ServicesDep, officer: OfficerDep, guild: GuildDep) -> ScanAnswer:
    """Look for issues by every rule; nothing is fixed. Without a guild, every guild is looked at."""
    return await commands.scan(services, officer, guild_id=guild)


@router.post("/scan/{issue_type}", summary="Run one rule's detection now")
async def scan_rule(services: ServicesDep, officer: OfficerDep, guild: GuildDep, issue_type: IssueType) -> ScanAnswer:
    """Look for issues by one rule; nothing is fixed. Without a guild, every guild is looked at."""
    return await commands.scan(services, officer, guild_id=guild, issue_type=issue_type)


@router.post("/fix/{issue_id}", summary="Fix one issue")
async def fix(
    services: ServicesDep, officer: OfficerDep, guild: GuildDep, issue_id: IssueId, seen: SeenDep
) -> FixAnswer:
    """Plan from the data as it is now, apply, verify. A fix of a resolved issue changes nothing and says so."""
    return await commands.fix(services, officer, issue_id, guild_id=guild, seen=seen)


@router.post("/fix-all/{issue_type}", summary="Fix all open issues of a rule")
async def fix_all(services: ServicesDep, officer: OfficerDep, guild: GuildDep, issue_type: IssueType) -> FixAllAnswer:
    """Fix what evidence decides; everything else stays open with its reason. Works on one guild."""
    return await commands.fix_all(services, officer, issue_type, guild_id=guild)


@router.get("/rules", summary="All rules with their counts")
async def rules(
    services: ServicesDep,
    guild: GuildDep,
    ever: Annotated[
        bool, Query(description="Also count since the beginning; the whole history is read for that.", examples=[True])
    ] = False,
) -> list[RuleAnswer]:
    """Every rule of the registry, in its order, as the guild has set it."""
    async with services.pool.snapshot() as conn:
        return await reading.rules(conn, guild, ever=ever)


@router.get("/rules/{issue_type}/preview", summary="What fixing all issues of a rule would do")
async def preview(services: ServicesDep, guild: GuildDep, issue_type: IssueType) -> PreviewAnswer:
    """The plans that `fix-all` would apply now; nothing is changed."""
    return await reading.preview(services, issue_type, guild)


@router.get("/issues", summary="Issues, 50 a page, newest first")
async def issues(
    services: ServicesDep,
    guild: GuildDep,
    rule: Annotated[str | None, Query(description="Only issues of this rule.", examples=["orphan_wow"])] = None,
    state: Annotated[Shown, Query(description="Which issues.", examples=["open"])] = "open",
    severity: Annotated[
        Severity | None, Query(description="Only issues of this severity.", examples=["warning"])
    ] = None,
    text: TextQuery = "",
    page: PageQuery = 1,
) -> IssuesAnswer:
    """A page beyond the last one gives the last one."""
    chosen = reading.finding_filter(state, rule, severity, text)
    async with services.pool.snapshot() as conn:
        return await reading.issues_page(conn, guild, chosen, number=page)


@router.post("/issues/{issue_id}/dismiss", summary="Set an issue aside")
async def dismiss(
    services: ServicesDep, officer: OfficerDep, guild: GuildDep, issue_id: IssueId, body: DismissRequest, seen: SeenDep
) -> IssueMoveAnswer:
    """As it is now, for ever or until a day; when what it rests on changes, it is open again."""
    return await commands.dismiss(
        services, officer, issue_id, guild_id=guild, reason=body.reason, until=body.until, seen=seen
    )


@router.post("/issues/{issue_id}/wake", summary="End a dismissal")
async def wake(
    services: ServicesDep,
    officer: OfficerDep,
    guild: GuildDep,
    issue_id: IssueId,
    seen: SeenDep,
    body: WakeRequest | None = None,
) -> IssueMoveAnswer:
    """Open an issue again that was set aside."""
    reason = (body or WakeRequest()).reason
    return await commands.wake(services, officer, issue_id, guild_id=guild, reason=reason, seen=seen)


@router.post("/attempts/{attempt_id}/undo", summary="Undo a fix")
async def undo(
    services: ServicesDep,
    officer: OfficerDep,
    guild: GuildDep,
    attempt_id: AttemptId,
    seen: SeenDep,
    partly: PartlyQuery = False,
) -> UndoAnswer:
    """Put back exactly what an attempt changed; refused where somebody has changed it since.

    With `partly`, what can be put back is, person by person, and `left` tells of the rest.
    """
    return await commands.undo(services, officer, attempt_id, guild_id=guild, seen=seen, partly=partly)
