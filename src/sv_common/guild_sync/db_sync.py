"""Writing what Battle.net (here) and the addon (`addon_sync`) say: in sets, whole or not at all, and again without harm."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sv_common.db.pool import Pool
from sv_common.guild_sync.addon_sync import sync_addon_data
from sv_common.guild_sync.core.errors import SuspiciousSource
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.core.reports import SyncReport
from sv_common.guild_sync.roster import characters as character_store
from sv_common.guild_sync.roster import guilds, held_losses, ranks
from sv_common.guild_sync.roster.loss import Loss
from sv_common.guild_sync.sources.models import LOWEST_RANK, RosterCharacter

__all__ = ["sync_addon_data", "sync_blizzard_roster"]

LONGEST_NAME = 48
HIGHEST_LEVEL = 200
LARGEST_ITEM_LEVEL = 32767
_A_DAY_MS = 86_400_000


async def sync_blizzard_roster(
    pool: Pool,
    characters: Sequence[RosterCharacter],
    *,
    guild_id: int | None = None,
    accept_losses: bool = False,
    fetched_at: datetime | None = None,
) -> SyncReport:
    """Make the guild's characters those of a Battle.net roster.

    A character is known by its Battle.net id, else by realm and name. Entries that cannot be used are reported by name
    and left out, and then nobody is marked as gone, for a left-out entry may be anybody. What a profile did not tell
    stays as it was. `fetched_at` is when the fetch began, on the database's clock: a roster that is older than the one
    taken in before changes nothing. Raises `SuspiciousSource` for an empty roster, and for one that would mark more than
    30 % of the known characters (and at least 3) as gone, unless an officer has released just them or `accept_losses`.
    """
    usable, problems = _usable(characters)
    if not usable:
        raise SuspiciousSource(
            "Battle.net's roster came back empty, so it counts as a failed fetch. Nobody was marked as gone. Try again later."
        )
    number = await guilds.resolve_guild(pool, guild_id)
    async with held_losses.keeping_losses(pool, number), pool.writing(number) as guild:
        as_of = await guilds.take_in_if_newer(guild, "roster", fetched_at)
        if as_of is None:
            return _superseded(len(usable))
        known = await character_store.count_present(guild)
        await ranks.ensure(guild, [each.rank for each in usable])
        moves = await character_store.apply_roster(guild, usable, is_complete=not problems, as_of=as_of)
        loss = Loss("battlenet", moves.left_ids, known)
        await held_losses.judge(guild, loss, is_accepted=accept_losses, is_complete=not problems)
        await character_store.settle_ranks(guild)
        unmapped = await ranks.unmapped(guild)
    counts = {
        "characters": len(usable),
        "joined": len(moves.joined),
        "returned": len(moves.returned),
        "left": len(moves.left),
        "renamed": len(moves.renamed),
        "refused": len(problems),
    }
    notices = [
        *problems,
        *(["Entries were left out, so nobody was marked as gone this time."] if problems else []),
        *(f"“{old}” is now called “{new}”." for old, new in moves.renamed),
        *(f"Rank {index} ({name}, {count} characters) maps to no Discord role." for index, name, count in unmapped),
    ]
    return SyncReport("battlenet", counts, tuple(notices))


def _superseded(count: int) -> SyncReport:
    notice = "A roster that was fetched later is taken in already, so this one changed nothing."
    moves = ("joined", "returned", "left", "renamed", "refused")
    return SyncReport("battlenet", {"characters": count, **dict.fromkeys(moves, 0)}, (notice,))


def _usable(roster: Sequence[RosterCharacter]) -> tuple[list[RosterCharacter], list[str]]:
    """The entries that can be stored, and a sentence for each that cannot."""
    usable: list[RosterCharacter] = []
    problems: list[str] = []
    seen: set[tuple[object, ...]] = set()
    for each in roster:
        problem = _problem_of(each)
        keys: set[tuple[object, ...]] = {("name", each.realm_slug, name_key(each.name))}
        if each.character_id is not None:
            keys |= {("id", each.realm_id, each.character_id), ("id there", each.realm_slug, each.character_id)}
        if problem is None and keys & seen:
            problem = "is in the roster twice"
        if problem is not None:
            problems.append(
                f"Roster entry “{each.name[:LONGEST_NAME]}” on {each.realm_slug[:LONGEST_NAME]} {problem}; it was left out."
            )
            continue
        seen |= keys
        usable.append(_without_absurdities(each))
    return usable, problems


def _problem_of(each: RosterCharacter) -> str | None:
    name = each.name.strip()
    if not name or not name.isprintable():
        return "has no readable name"
    if len(name) > LONGEST_NAME:
        return f"has a name of {len(name)} letters, more than the {LONGEST_NAME} that can be stored"
    if not realm_key(each.realm_slug) or not each.realm_slug.isprintable():
        return "has no readable realm"
    if not 0 <= each.rank <= LOWEST_RANK:
        return f"has the rank {each.rank}, outside 0 to {LOWEST_RANK}"
    if not 0 <= each.level <= HIGHEST_LEVEL:
        return f"has the level {each.level}, outside 0 to {HIGHEST_LEVEL}"
    return None


def _without_absurdities(each: RosterCharacter) -> RosterCharacter:
    """Take values of the profile that cannot be for unknown: a login in the future, an item level out of range."""
    tomorrow = int(time.time() * 1000) + _A_DAY_MS
    login, item_level = each.last_login_timestamp, each.item_level
    return replace(
        each,
        name=each.name.strip(),
        last_login_timestamp=login if login is not None and 0 < login < tomorrow else None,
        item_level=item_level if item_level is not None and 0 <= item_level <= LARGEST_ITEM_LEVEL else None,
    )
