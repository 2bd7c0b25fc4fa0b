"""How old each character's profile is, and what it said; the values themselves stand with the characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.sources.models import CharacterAddress, ProfileAnswer, ProfileState

SQL = load_sql(__package__, "profiles.sql")

NEAR_THE_LIMIT = timedelta(days=7)
"""How near a last login is to the age at which a character is inactive for the next login to decide it."""

AGE_WHERE_IT_DECIDES = timedelta(days=1)
AGE_OF_THE_ACTIVE = timedelta(days=2)
AGE_OF_THE_ASLEEP = timedelta(days=3)
"""How old a profile is at least before it is read again; also of a character whose login is not known. Each waits for up to
half as long again, at a moment of its own."""

URGENT_AFTER = timedelta(days=14)
"""Age at which a profile is read before all others, whatever the guild's share: it would be erased two weeks later."""

LONGEST_WAIT = timedelta(days=1)
"""The same for a character whose profile was never read, from when it was first seen."""


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


async def due(
    guild: GuildConnection, *, share: int, most: int, pause: timedelta, stale_after_days: int | None
) -> tuple[Sequence[DueProfile], int]:
    """Return the characters of which a profile is to be asked for now, and how many are due in all.

    They are at most `share`, and where more than that have waited too long, so many, but never more than `most`. One that is
    said to be gone is due `pause` after it was last asked for, any other one when its profile is as old as its use allows.
    `stale_after_days` counts where the guild has set none.
    """
    rows = await guild.rows(
        SQL["due"],
        share=share,
        most=most,
        pause=pause,
        default_days=stale_after_days,
        near=NEAR_THE_LIMIT,
        deciding=AGE_WHERE_IT_DECIDES,
        active=AGE_OF_THE_ACTIVE,
        asleep=AGE_OF_THE_ASLEEP,
        urgent=URGENT_AFTER,
        patience=LONGEST_WAIT,
    )
    found = [
        DueProfile(row_id, CharacterAddress(realm_slug, name, character_id))
        for row_id, realm_slug, name, character_id, _ in rows
        if row_id is not None
    ]
    return found, rows[0][4]


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
