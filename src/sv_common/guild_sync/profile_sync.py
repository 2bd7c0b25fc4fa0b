"""Keeping what Battle.net's profiles say fresh, and forgetting it when Battle.net's rules for player data say so.

The rules (develop.battle.net, character status endpoint, and "Data Protection Notice and FAQ"): what a profile said is
read again within 30 days or removed, and removed when the character is gone, which its status says (404, not valid, or
another id). Since Battle.net's own faults look the same for hours, an end is believed when it is said twice, a day apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import timedelta

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.core.reports import SyncReport
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.roster import guilds, profiles, runs
from sv_common.guild_sync.roster.profiles import DueProfile, ErasedProfile
from sv_common.guild_sync.rulebook import stale_character
from sv_common.guild_sync.sources.ports import ProfileSource
from sv_common.guild_sync.sources.profile import ProfileAnswer, ProfileState

KEPT = timedelta(days=28)
"""How long what a profile said is kept without reading it again.

Two days less than it may be: what is a minute too young for one daily sweep waits for the next, and that one may fail.
"""

APART = timedelta(days=1)
"""How far two words about a character's end must lie apart to count as two."""

REQUESTS_FOR_ONE = 2
"""A profile, and where it is not shown, the character's status."""

RESERVED_REQUESTS = 1_000
"""Requests of the hour that are left to the rosters of all guilds."""

NAMES_IN_A_NOTICE = 20

_Asked = Sequence[tuple[DueProfile, ProfileAnswer]]


async def refresh_profiles(pool: Pool, source: ProfileSource, *, guild_id: int | None = None) -> SyncReport:
    """Read the profiles of a guild again, those asked for longest ago first, as far as the hour's requests reach.

    Then erase what is gone or too old. A profile that cannot be read changes nothing; too old, it is erased all the
    same. Where none can be read, or so many in a row that the rest was not asked for, the report is partial. Raises a
    `SourceError`, before anything is changed, when Battle.net takes no request at all.
    """
    async with pool.reading(await guilds.resolve_guild(pool, guild_id)) as here:
        guild = await guilds.get(here)
        began = await runs.now(here.conn)
        due, count = await profiles.due(here, limit=_affordable(source), pause=APART)
    answers = await source.fetch_profiles(guild.region, [each.address for each in due]) if due else []
    asked = list(zip(due, answers, strict=True))
    async with pool.writing(guild.id) as here:
        erased = await profiles.record(here, asked, apart=APART, began=began)
        expired = await _expire(here, erased)
    states = Counter(answer.state for answer in answers)
    waiting = count - len(due) + states[ProfileState.NOT_ASKED]
    counts = {
        **{state.value: states[state] for state in ProfileState if state is not ProfileState.NOT_ASKED},
        "waiting": waiting,
        "erased": len(erased),
        "expired": len(expired),
    }
    notices = [
        *_ends([(each, answer) for each, answer in asked if each.id in erased]),
        *_expiries([each.name for each in expired]),
        *_failures(answers),
        *([f"{waiting} profiles were not asked for this time; the next run begins with them."] if waiting else []),
    ]
    return SyncReport("profiles", counts, tuple(notices), is_partial=_is_outage(answers))


async def erase_expired_profiles(pool: Pool, *, guild_id: int) -> SyncReport:
    """Erase what profiles of a guild said that were not read again in time; for when Battle.net is not asked at all."""
    async with pool.writing(guild_id) as guild:
        expired = await _expire(guild)
    return SyncReport("profiles", {"expired": len(expired)}, tuple(_expiries([each.name for each in expired])))


async def _expire(guild: GuildConnection, erased: Collection[int] = ()) -> list[ErasedProfile]:
    """Erase what is too old; then let the log of issues forget the logins of all that were erased."""
    expired = await profiles.expire(guild, kept=KEPT)
    forgotten = [*erased, *(each.id for each in expired)]
    await lifecycle.forget(
        guild,
        stale_character.ISSUE_TYPE,
        forgotten,
        detail="last_login_timestamp",
        summary="The character's last login is no longer known",
    )
    return expired


def _is_outage(answers: Sequence[ProfileAnswer]) -> bool:
    """Whether nothing at all was learned, or asking was given up because one after the other had failed."""
    states = Counter(answer.state for answer in answers)
    failed = states[ProfileState.FAILED] + states[ProfileState.NOT_ASKED]
    return states[ProfileState.NOT_ASKED] > 0 or (failed > 0 and failed == len(answers))


def _affordable(source: ProfileSource) -> int:
    return max(0, source.spare_requests - RESERVED_REQUESTS) // REQUESTS_FOR_ONE


def _ends(gone: _Asked) -> list[str]:
    """One sentence for each character whose end was confirmed, and one for those beyond the first few."""
    sentences = [
        f"“{each.address.name}” {answer.reason}, confirmed twice: what its profile said was erased, and the roster's "
        "own data stays."
        for each, answer in gone[:NAMES_IN_A_NOTICE]
    ]
    more = len(gone) - len(sentences)
    return [*sentences, f"The same was done for {more} more characters."] if more > 0 else sentences


def _expiries(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - NAMES_IN_A_NOTICE} more" if len(names) > NAMES_IN_A_NOTICE else ""
    listed = ", ".join(names[:NAMES_IN_A_NOTICE])
    return [f"Not read again for {KEPT.days} days, so what the profile said was erased: {listed}{more}."]


def _failures(answers: Sequence[ProfileAnswer]) -> list[str]:
    failed = [answer for answer in answers if answer.state is ProfileState.FAILED]
    if not failed:
        return []
    learned = len(answers) - len(failed) - sum(answer.state is ProfileState.NOT_ASKED for answer in answers)
    how_many = f"{len(failed)} profiles" if learned else f"Not one of the {len(answers)} profiles"
    what = "could not be read and stay as they were" if learned else "could be read; what is known stays as it was"
    return [f"{how_many} {what}. {failed[0].reason}"]
