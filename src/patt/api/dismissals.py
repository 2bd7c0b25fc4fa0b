"""The API on what was set aside: all dismissals, and those that hide nothing any more."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import ConfigDict, Field

from patt.api.models import ISSUE_EXAMPLE, Answer, IssueAnswer
from patt.api.officers import officer_router
from patt.deps import GuildDep, PageQuery, ServicesDep
from sv_common.db.pool import Connection
from sv_common.guild_sync import overview
from sv_common.guild_sync.store import guilds

router = officer_router("data-quality/dismissals", "data quality")

_DISMISSED: dict[str, Any] = ISSUE_EXAMPLE | {
    "state": "resolved",
    "resolved_at": "2026-11-24T06:00:00Z",
    "resolved_by": "detection",
    "dismissed_at": "2026-11-23T07:00:00Z",
    "dismissed_by": "officer alice",
    "dismissed_reason": "A guest of the raid.",
}


class DismissalAnswer(Answer):
    """An issue that was set aside."""

    issue: IssueAnswer
    why_idle: str | None = Field(
        description="Why the dismissal hides nothing any more; null while it does.", examples=["It is no longer found."]
    )


class DismissalsAnswer(Answer):
    """One page of dismissals, newest first."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "guild_id": 1,
                    "page": 1,
                    "pages": 1,
                    "total": 1,
                    "dismissals": [{"issue": _DISMISSED, "why_idle": "It is no longer found."}],
                }
            ]
        },
    )

    guild_id: int
    page: int
    pages: int
    total: int
    dismissals: list[DismissalAnswer]


IdleQuery = Annotated[
    bool, Query(description="Only dismissals that hide nothing any more. End them with `wake`.", examples=[True])
]


@router.get("", summary="Dismissals, 50 a page, newest first")
async def dismissals(
    services: ServicesDep, guild: GuildDep, idle: IdleQuery = False, page: PageQuery = 1
) -> DismissalsAnswer:
    """All that was set aside, also of issues that are resolved. A page beyond the last one gives the last one."""
    async with services.pool.connection() as conn:
        return await dismissals_page(conn, guild, only_idle=idle, number=page)


async def dismissals_page(
    conn: Connection, guild_id: int | None, *, only_idle: bool = False, number: int = 1
) -> DismissalsAnswer:
    """Return one page of dismissals. Raises `NotFound`, and `Refused` where it is not clear which guild."""
    guild = await guilds.the_only(conn, guild_id)
    found = await overview.dismissals(conn, guild.id, only_idle=only_idle, number=number)
    return DismissalsAnswer(
        guild_id=guild.id,
        page=found.number,
        pages=found.pages,
        total=found.total,
        dismissals=[DismissalAnswer.model_validate(each) for each in found.items],
    )
