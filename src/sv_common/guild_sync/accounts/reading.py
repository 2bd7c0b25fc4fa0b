"""Reading what tells accounts apart: which characters are due, within what the hour leaves, and what comes of the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from sv_common.db.pool import Pool
from sv_common.guild_sync.accounts import evidence, objections, switch
from sv_common.guild_sync.accounts.earned import earned_of
from sv_common.guild_sync.accounts.evidence import Answers, DueCharacter, Groupings
from sv_common.guild_sync.accounts.hashes import EvidenceKey
from sv_common.guild_sync.accounts.notices import notices
from sv_common.guild_sync.accounts.sketch import sketch_of
from sv_common.guild_sync.core.keyed_hash import InstallationSecret
from sv_common.guild_sync.core.reports import SyncReport
from sv_common.guild_sync.roster import guilds, runs
from sv_common.guild_sync.sources.models import CollectionState
from sv_common.guild_sync.sources.ports import AccountSource, CollectionSource


async def compares_accounts(pool: Pool, guild_id: int) -> bool:
    """Whether a guild has switched account evidence on."""
    async with pool.reading(guild_id) as guild:
        return await switch.mode_of(guild) != "off"


async def refresh_accounts(pool: Pool, source: AccountSource, *, guild_id: int) -> SyncReport:
    """Read the characters of a guild that are due, and group all by what is known then.

    Rosters and profiles come first: half of an hour's requests is left to them. A failed request changes nothing; a refused one
    erases what was read before. The report is partial where every request failed, or so many in a row that the rest was
    not sent. Raises a `SourceError`, before anything is changed, when Battle.net takes no request at all.
    """
    await objections.attach_again(pool, source.secret, guild_id=guild_id)
    async with pool.reading(guild_id) as here:
        guild = await guilds.get(here)
        key = await switch.evidence_key(here, source.secret, guild.region)
        due = [] if key is None else await evidence.due(here, most=_affordable(source.collections))
        began = await runs.now(here.conn)
    if key is None:
        return SyncReport("accounts", {})
    answers = await _fetch(source.collections, key, due, began) if due else []
    groupings = await _take_in(pool, guild_id, source.secret, key, dict(zip(due, answers, strict=True)), began)
    states = Counter(answer.last.state for answer in answers if answer.last is not None)
    counts = {
        **{state.value: states[state] for state in CollectionState if state is not CollectionState.NOT_ASKED},
        "accounts": len(groupings.accounts),
    }
    is_partial = states[CollectionState.NOT_ASKED] > 0 or 0 < states[CollectionState.FAILED] == len(answers)
    return SyncReport("accounts", counts, tuple(notices(answers, groupings)), is_partial=is_partial)


async def _fetch(
    source: CollectionSource, key: EvidenceKey, due: Sequence[DueCharacter], began: datetime
) -> list[Answers]:
    """Fetch pets, and achievements only where the pets are refused, as far as the hour's requests go."""
    addresses = [each.address for each in due]
    pets = await source.fetch_pets(key.region, addresses, partial(sketch_of, key))
    refused = [place for place, answer in enumerate(pets) if answer.state is CollectionState.REFUSED]
    affordable = refused[: _affordable(source)]
    if not affordable:
        return [Answers(answer) for answer in pets]
    achievements = await source.fetch_achievements(
        key.region, [addresses[place] for place in affordable], lambda found: earned_of(key, found, began)
    )
    instead = dict(zip(affordable, achievements, strict=True))
    return [Answers(answer, instead.get(place)) for place, answer in enumerate(pets)]


async def _take_in(
    pool: Pool,
    guild_id: int,
    secret: InstallationSecret,
    key: EvidenceKey,
    answers: Mapping[DueCharacter, Answers],
    began: datetime,
) -> Groupings:
    """Write what the answers change: also for characters whose account is another one by them.

    What was said meanwhile counts: nothing stays of what was switched off, nor of a member who objects.
    """
    async with pool.writing(guild_id) as here:
        if await switch.evidence_key(here, secret, key.region) != key:
            return Groupings()
        before = await evidence.read_all(here)
        objecting = await objections.characters(here)
        now = await runs.now(here.conn)
        known = {number: each.expired(now) for number, each in before.items()}
        for character, answer in answers.items():
            if character.id not in objecting and answer.pets.state is not CollectionState.NOT_ASKED:
                known[character.id] = evidence.renewed(known.get(character.id), answer, began)
        after, groupings = evidence.grouped(known)
        await evidence.write(here, {number: each for number, each in after.items() if before.get(number) != each})
    return groupings


async def expire_accounts(pool: Pool, *, guild_id: int) -> int:
    """Erase what was not read again in time; return for how many characters."""
    async with pool.writing(guild_id) as guild:
        return await evidence.expire(guild)


def _affordable(source: CollectionSource) -> int:
    return max(0, source.spare_requests - source.requests_an_hour // 2)
