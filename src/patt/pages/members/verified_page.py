"""The page about who has verified their characters, for officers: who has not, and a reminder to copy."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.responses import Response

from patt.pages.layout import VisitDep
from patt.web.context import viewer_of
from patt.web.places import CLAIM_PREFIX, PEOPLE
from sv_common.guild_sync.insights.everyone.verified import verification

router = APIRouter(prefix=f"{PEOPLE.href}/verified", dependencies=[Depends(viewer_of)], include_in_schema=False)


@router.get("")
async def verified(visit: VisitDep) -> Response:
    """Show how many members are verified, who is not, and what to write to them."""
    async with visit.snapshot() as known:
        if not known:
            return visit.page("verified", guild=None)
        here, guild = await visit.narrow(known)
        found = await verification(here, visit.services.settings.own_page(CLAIM_PREFIX))
    return visit.page("verified", guild=guild, guilds=known, found=found, home=f"{PEOPLE.href}?guild={guild.id}")
