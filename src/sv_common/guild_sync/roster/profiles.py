"""How old each character's profile is, and what it said; the values themselves stand with the characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.sources.models import CharacterAddress, ProfileAnswer, ProfileState

SQL = load_sql(__package__, "profiles.sql")


@dataclass(frozen=True, slots=True)
class DueProfile:
    """A character whose profile is to be asked for; `id` is the character's row."""

    id: int
    address: CharacterAddress


@dataclass(frozen=True, slots=True)
class ErasedProfile:
    """A character that was erased to what the roster says."""

    id: int
    name: str


async def due(guild: GuildConnection, *, limit: int, pause: timedelta) -> tuple[Sequence[DueProfile], int]:
    """Return at most `limit` characters, those asked for longest ago first, and how many are due in all.

    Characters confirmed to be gone are due only `pause` after they were last asked for.
    """
    rows = await guild.rows(SQL["due"], limit=limit, pause=pause)
    found = [
        DueProfile(row_id, CharacterAddress(realm_slug, name, character_id))
        for row_id, realm_slug, name, character_id, _ in rows
    ]
    return found, rows[0][4] if rows else 0


async def record(
    guild: GuildConnection, answers: Sequence[tuple[DueProfile, ProfileAnswer]], *, apart: timedelta, began: datetime
) -> set[int]:
    """Write what asking came to; return the characters whose end was confirmed and that lost something by it.

    Two confirmations count as two when they are `apart` from each other. What was not asked is left as it is, and so is
    what was asked for later than this asking `began`.
    """
    asked = [(each, answer) for each, answer in answers if answer.state is not ProfileState.NOT_ASKED]
    profiles = [answer.profile for _, answer in asked]
    rows = await guild.rows(
        SQL["record"],
        apart=apart,
        began=began,
        ids=[each.id for each, _ in asked],
        realm_slugs=[each.address.realm_slug for each, _ in asked],
        names=[each.address.name for each, _ in asked],
        character_ids=[each.address.character_id for each, _ in asked],
        states=[answer.state.value for _, answer in asked],
        realm_names=[profile and profile.realm_name for profile in profiles],
        item_levels=[profile and profile.item_level for profile in profiles],
        last_logins=[profile and profile.last_login_timestamp for profile in profiles],
    )
    return {row[0] for row in rows}


async def expire(guild: GuildConnection, *, kept: timedelta) -> list[ErasedProfile]:
    """Erase what profiles said that were not read for `kept`, in one guild or (None) in all."""
    rows = await guild.rows(SQL["expire"], kept=kept)
    return sorted((ErasedProfile(row_id, name) for row_id, name in rows), key=lambda each: (each.name, each.id))
