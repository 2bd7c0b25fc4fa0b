"""The API of a guild's address: what a new name would lead to, and keeping it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from patt.api.routing import FOR_OFFICERS, officer_router
from patt.setup.guild_moves import GuildMove, NewName, move, preview_move
from patt.web.context import AdministratorDep, GuildDep, ServicesDep

router = officer_router("settings", "settings")


@dataclass(frozen=True, slots=True)
class NameToKeep(NewName):
    """The guild's new name, as it was previewed."""

    key: Annotated[
        str | None,
        Field(
            pattern="^[0-9a-f]{64}$",
            description="The preview's key: refused where something else would come of it.",
            examples=["0f3c9a5be1d24c77" * 4],
        ),
    ] = None


@router.post("/guild/move/preview", summary="What a new name of the guild would lead to", dependencies=FOR_OFFICERS)
async def preview(services: ServicesDep, guild: GuildDep, body: NewName) -> GuildMove:
    """The roster there is fetched and compared with the characters that are known; nothing is changed."""
    return await preview_move(services, body, guild_id=guild)


@router.post("/guild/move", summary="Keep the guild's new name")
async def keep(services: ServicesDep, administrator: AdministratorDep, guild: GuildDep, body: NameToKeep) -> GuildMove:
    """Characters, players and settings stay. The old address is kept as the guild's past, and the roster is asked for."""
    return await move(services, body, guild_id=guild, actor=administrator.actor, key=body.key)
