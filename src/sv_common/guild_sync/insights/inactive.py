"""Who is inactive, judged by the person: what the rule about stale characters has found, as one group for each player."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.paging import Page, page_of
from sv_common.guild_sync.insights.everyone.summary import LastLogin

SQL = load_sql(__package__, "inactive.sql")


@dataclass(frozen=True, slots=True)
class StaleCharacter:
    """A character that the rule has found, with the issue about it."""

    issue_id: int
    id: Annotated[int, Field(description="Number of the character.")]
    name: str
    realm: str
    character_class: str | None
    rank: str | None
    last_login_timestamp: LastLogin


@dataclass(frozen=True, slots=True)
class InactiveGroup:
    """The stale characters of one player, or one without a player. `quiet`: the player is active on another character."""

    player_id: int | None
    player: str | None
    quiet: Annotated[
        bool, Field(description="Whether the player is active on another character, so that it says little.")
    ]
    active_on: Annotated[
        str | None, Field(description="The character that the player is active on.", examples=["Mito"])
    ]
    last_login_timestamp: Annotated[
        int | None, Field(description="The latest login of these characters, in milliseconds since 1970, UTC.")
    ]
    characters: Sequence[StaleCharacter]


@dataclass(frozen=True, slots=True)
class InactivePage(Page[InactiveGroup]):
    """One page of groups: players who are away first, then characters without a player, then alts of active players."""

    items: Sequence[InactiveGroup]


async def inactive_page(guild: GuildConnection, *, number: int = 1) -> InactivePage:
    """Return one page of the open findings about stale characters, grouped by player; who was seen longest ago first."""
    rows = await guild.all(dict[str, Any], SQL["found"])
    groups = sorted(_groups(rows), key=_order)
    page = page_of(groups, number)
    return InactivePage(page.items, page.number, page.pages, page.total)


def _groups(rows: Iterable[dict[str, Any]]) -> list[InactiveGroup]:
    owned: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        owned["player" if row["player_id"] else "character", row["player_id"] or row["id"]].append(row)
    return [_group(each) for each in owned.values()]


def _group(rows: Sequence[dict[str, Any]]) -> InactiveGroup:
    about = [(row.pop("player_id"), row.pop("player"), row.pop("quiet"), row.pop("active_on")) for row in rows]
    characters = [StaleCharacter(**row) for row in rows]
    logins = [each.last_login_timestamp for each in characters if each.last_login_timestamp is not None]
    player_id, player, quiet, active_on = about[0]
    return InactiveGroup(player_id, player, quiet, active_on, max(logins, default=None), characters)


def _order(group: InactiveGroup) -> tuple[object, ...]:
    return group.quiet, group.player_id is None, group.last_login_timestamp or 0, group.characters[0].id
