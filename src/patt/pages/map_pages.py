"""The map: the whole guild as a picture of characters, players and Discord members, and as a table that says the same."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from patt.pages.drawing.picture import MapView, chosen_of, counts_of, picture_of, rows_of
from patt.pages.layout import VisitDep
from patt.web.context import viewer_of
from patt.web.places import MAP
from patt.web.telling.proofs import Shown
from sv_common.guild_sync.insights.everyone.guild_map import as_table, guild_map

MOST_IN_A_PICTURE = 400
"""Characters up to which the picture is shown first."""

router = APIRouter(prefix=MAP.href, dependencies=[Depends(viewer_of)], include_in_schema=False)


@router.get("")
async def whole_map(
    visit: VisitDep,
    tab: Annotated[Literal["", "map", "table"], Query()] = "",
    character_class: Annotated[str | None, Query(alias="class", max_length=30)] = None,
    loose: Annotated[bool, Query()] = False,
    proof: Annotated[Shown | None, Query()] = None,
) -> Response:
    """Show everyone, what proves each link, who could be the same person, and the loose ends; filters dim the rest.

    Without `tab` a small guild gets both, of which a narrow screen shows the table; a large one gets the table.
    """
    async with visit.snapshot() as known:
        if not known:
            return visit.page("map", guild=None)
        here, guild = await visit.narrow(known)
        found = await guild_map(here)
    view = MapView(guild.id, tab, character_class, loose, proof)
    counts = counts_of(found)
    is_large = sum(number for _, number in counts.classes) > MOST_IN_A_PICTURE
    shows_picture = tab == "map" or (not tab and not is_large)
    table = as_table(found)
    return visit.page(
        "map",
        guild=guild,
        guilds=known,
        view=view,
        counts=counts,
        picture=picture_of(found, view) if shows_picture else None,
        rows=None if tab == "map" else rows_of(table.rows, chosen_of(found, view)),
        current=tab or ("table" if is_large else "map"),
        is_both=shows_picture and not tab,
    )
