"""The page of the search over everything."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.responses import Response

from patt.api.players import WordsQuery
from patt.pages.layout import VisitDep
from patt.web.context import viewer_of
from patt.web.finding import find
from patt.web.places import SEARCH_PATH
from patt.web.rendering import page

PALETTE = "palette-found"
"""The part of every page in which the command bar shows what it found."""

router = APIRouter(dependencies=[Depends(viewer_of)], include_in_schema=False)


@router.get(SEARCH_PATH)
async def search(visit: VisitDep, q: WordsQuery = "") -> Response:
    """Show what the words find, in groups; without words, where one can go."""
    words = q.strip()
    async with visit.snapshot() as known:
        if not known:
            return visit.page("search", guild=None, searched=words)
        here, guild = await visit.narrow(known)
        found = await find(here, words, visit.viewer.role, may_set_up=visit.viewer.may_set_up)
    if visit.target == PALETTE:
        return page("partials/palette_found.html", {"found": found})
    return visit.page("search", guild=guild, guilds=known, searched=words, found=found)
