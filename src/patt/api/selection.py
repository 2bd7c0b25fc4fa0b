"""The API on exactly the chosen issues: preview, fix, set aside, open again."""

from __future__ import annotations

from patt.api import reading, selection_commands
from patt.api.officers import officer_router
from patt.api.selection_models import (
    ChosenIssues,
    ChosenPreviewAnswer,
    DismissChosen,
    FixChosen,
    FixChosenAnswer,
    MovedChosenAnswer,
    WakeChosen,
)
from patt.deps import GuildDep, OfficerDep, ServicesDep

router = officer_router("data-quality/issues", "data quality")


@router.post("/fix", summary="Fix the chosen issues")
async def fix(services: ServicesDep, officer: OfficerDep, guild: GuildDep, body: FixChosen) -> FixChosenAnswer:
    """Fix what evidence decides, rule by rule; everything else stays open with its reason. Works on one guild."""
    return await selection_commands.fix_selected(services, officer, body.issue_ids, guild_id=guild, seen=body.seen)


@router.post("/fix/preview", summary="What fixing the chosen issues would do")
async def preview(
    services: ServicesDep,
    officer: OfficerDep,  # noqa: ARG001 -- whatever is sent with POST is for officers
    guild: GuildDep,
    body: ChosenIssues,
) -> ChosenPreviewAnswer:
    """The plans that fixing them would apply now; nothing is changed."""
    return await reading.preview_selected(services, body.issue_ids, guild)


@router.post("/dismiss", summary="Set the chosen issues aside")
async def dismiss(
    services: ServicesDep, officer: OfficerDep, guild: GuildDep, body: DismissChosen
) -> MovedChosenAnswer:
    """For ever or until a day; resolved ones are left alone. Works on one guild, all at once."""
    return await selection_commands.dismiss_selected(
        services, officer, body.issue_ids, guild_id=guild, reason=body.reason, until=body.until, seen=body.seen
    )


@router.post("/wake", summary="Open the chosen issues again")
async def wake(services: ServicesDep, officer: OfficerDep, guild: GuildDep, body: WakeChosen) -> MovedChosenAnswer:
    """End their dismissals, also of resolved issues; those that are not dismissed are left alone. All at once."""
    return await selection_commands.wake_selected(
        services, officer, body.issue_ids, guild_id=guild, reason=body.reason, seen=body.seen
    )
