"""Reading pets: which characters are due, within what the hour leaves, and what comes of the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sv_common.db.pool import Pool
from sv_common.guild_sync.accounts import evidence, objections, switch
from sv_common.guild_sync.accounts.evidence import DueCharacter
from sv_common.guild_sync.accounts.grouping import Grouping
from sv_common.guild_sync.accounts.sketch import Sketch
from sv_common.guild_sync.core.language import tr_n
from sv_common.guild_sync.core.reports import SyncReport
from sv_common.guild_sync.roster import guilds, runs
from sv_common.guild_sync.sources.models import CollectionAnswer, CollectionState
from sv_common.guild_sync.sources.ports import AccountSource, PetSource


async def compares_accounts(pool: Pool, guild_id: int) -> bool:
    """Whether a guild has switched account evidence on."""
    async with pool.reading(guild_id) as guild:
        return await switch.mode_of(guild) != "off"


async def refresh_accounts(pool: Pool, source: AccountSource, *, guild_id: int) -> SyncReport:
    """Read the pets of a guild that are due, and group its characters by all that is known then.

    Rosters and profiles come first: half of an hour's requests is left to them. A failed request changes nothing; a refused one
    erases what was read before. The report is partial where every request failed, or so many in a row that the rest was
    not sent. Raises a `SourceError`, before anything is changed, when Battle.net takes no request at all.
    """
    await objections.attach_again(pool, source.secret, guild_id=guild_id)
    async with pool.reading(guild_id) as here:
        guild = await guilds.get(here)
        key = await switch.sketch_key(here, source.secret, guild.region)
        due = [] if key is None else await evidence.due(here, most=_affordable(source.pets))
        began = await runs.now(here.conn)
    if key is None:
        return SyncReport("accounts", {})
    addresses = [each.address for each in due]
    answers = await source.pets.fetch_pets(guild.region, addresses, key.sketch) if due else []
    grouping = await _take_in(pool, guild_id, due, answers, began)
    states = Counter(answer.state for answer in answers)
    counts = {
        **{state.value: states[state] for state in CollectionState if state is not CollectionState.NOT_ASKED},
        "accounts": len(grouping.accounts),
    }
    is_partial = states[CollectionState.NOT_ASKED] > 0 or 0 < states[CollectionState.FAILED] == len(answers)
    return SyncReport("accounts", counts, tuple(_notices(answers, grouping)), is_partial=is_partial)


async def _take_in(
    pool: Pool,
    guild_id: int,
    due: Sequence[DueCharacter],
    answers: Sequence[CollectionAnswer[Sketch]],
    began: datetime,
) -> Grouping:
    """Write what the answers change: also for characters whose account is another one by them."""
    async with pool.writing(guild_id) as here:
        if await switch.mode_of(here) == "off":  # meanwhile: nothing of it may stay
            return Grouping()
        before = await evidence.read_all(here)
        now = await runs.now(here.conn)
        known = {number: each.expired(now) for number, each in before.items()}
        for character, answer in zip(due, answers, strict=True):
            if answer.state is not CollectionState.NOT_ASKED:
                known[character.id] = evidence.renewed(known.get(character.id), answer, began)
        after, grouping = evidence.grouped(known)
        await evidence.write(here, {number: each for number, each in after.items() if before.get(number) != each})
    return grouping


async def expire_accounts(pool: Pool, *, guild_id: int) -> int:
    """Erase what was not read again in time; return for how many characters."""
    async with pool.writing(guild_id) as guild:
        return await evidence.expire(guild)


def _affordable(source: PetSource) -> int:
    return max(0, source.spare_requests - source.requests_an_hour // 2)


def _notices(answers: Sequence[CollectionAnswer[Sketch]], grouping: Grouping) -> list[str]:
    notices = []
    failed = [answer for answer in answers if answer.state is CollectionState.FAILED]
    if failed:
        said = tr_n(
            "The battle pets of {n} character could not be read. What is known of it stays.",
            "The battle pets of {n} characters could not be read. What is known of them stays.",
            len(failed),
        )
        notices.append(f"{said} {failed[0].reason}")
    if grouping.common:
        notices.append(
            tr_n(
                "{n} battle pet was left out of account evidence, because more than 100 characters have it.",
                "{n} battle pets were left out of account evidence, because more than 100 characters have them.",
                grouping.common,
            )
        )
    if grouping.reviews:
        notices.append(
            tr_n(
                "{n} group of characters shares battle pets in a way that is unclear. Nothing follows from it.",
                "{n} groups of characters share battle pets in a way that is unclear. Nothing follows from them.",
                len(grouping.reviews),
            )
        )
    return notices
