"""The API of losses: who is missing from a list that was refused for it, and letting just them go."""

from __future__ import annotations

from patt.api import losses_commands
from patt.api.losses_models import LossAnswer, ReleasedAnswer, ReleaseRequest
from patt.api.officers import officer_router
from patt.deps import GuildDep, OfficerDep, ServicesDep

router = officer_router("losses", "losses")


@router.get("", summary="Who would be marked as gone")
async def listed(services: ServicesDep, guild: GuildDep) -> list[LossAnswer]:
    """Lists of Battle.net or Discord that were refused, since more than 30 % (and at least 3) are missing at once."""
    async with services.pool.connection() as conn:
        return await losses_commands.losses(conn, guild)


@router.post("/release", summary="Let those go who are missing")
async def release(services: ServicesDep, officer: OfficerDep, guild: GuildDep, body: ReleaseRequest) -> ReleasedAnswer:
    """Just these, and once: when others are missing from the next list too, it is refused anew."""
    return await losses_commands.release(services, officer, body.source, body.key, guild_id=guild)
