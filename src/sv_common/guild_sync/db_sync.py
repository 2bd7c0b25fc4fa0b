"""Write Battle.net's roster, profiles and realms: in sets, whole or not at all, and repeatable.

Battle.net's rules for player data (develop.battle.net, character status endpoint, and "Data Protection Notice and FAQ"): a
profile is fetched again within 30 days or erased, and erased when the character is gone, by its status (404, not
valid, or another id). The addon's part is in `addon_sync`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.accounts import evidence
from sv_common.guild_sync.addon_sync import sync_addon_data
from sv_common.guild_sync.core.errors import SourceError, SuspiciousSource
from sv_common.guild_sync.core.language import mark, tr, tr_n
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.core.reports import SyncReport
from sv_common.guild_sync.core.text import NAMES_IN_A_LIST, listed
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.roster import characters as character_store
from sv_common.guild_sync.roster import guilds, held_losses, profiles, ranks, realms, runs
from sv_common.guild_sync.roster.freshness import FRESHNESS, Source
from sv_common.guild_sync.roster.loss import Loss
from sv_common.guild_sync.roster.profiles import DueProfile, ErasedProfile
from sv_common.guild_sync.rulebook import stale_character
from sv_common.guild_sync.sources.models import LOWEST_RANK, ProfileAnswer, ProfileState, RosterCharacter
from sv_common.guild_sync.sources.ports import ProfileSource, RealmSource

__all__ = ["erase_expired_profiles", "refresh_profiles", "refresh_realms", "sync_addon_data", "sync_blizzard_roster"]

LONGEST_NAME = 48
HIGHEST_LEVEL = 200
LARGEST_ITEM_LEVEL = 32767
_A_DAY_MS = 86_400_000

PROFILE_MAX_AGE = timedelta(days=28)
"""How long a profile's content is kept without fetching it again.

Battle.net allows 30 days: a profile that is a minute too young for one daily sweep waits for the next, which may fail.
"""

GONE_CONFIRM_INTERVAL = timedelta(days=1)
"""How long after the first answer a second one confirms that a character is gone; Battle.net's own faults last hours."""

REQUESTS_FOR_ONE = 2
"""A profile, and where it is not shown, the character's status."""

RESERVED_REQUESTS = 1_000
"""Requests of the hour that are left to the rosters of all guilds."""

REALMS_MAX_AGE = timedelta(days=7)
"""Age at which the realms of a region are fetched again; realms come and go a few times a year."""

_UNSEEN = frozenset({ProfileState.HIDDEN, ProfileState.GONE})
"""Of such a character nothing may stay that was read besides its profile: its player may have switched off sharing."""

_Requested = Sequence[tuple[DueProfile, ProfileAnswer]]


async def sync_blizzard_roster(
    pool: Pool,
    characters: Sequence[RosterCharacter],
    *,
    guild_id: int | None = None,
    accept_losses: bool = False,
    fetched_at: datetime | None = None,
) -> SyncReport:
    """Make the guild's characters those of a Battle.net roster.

    A character is identified by its Battle.net id, else by realm and name. Unusable entries are reported by name and left
    out, and then no character is marked as gone, because an entry may be any of them. `fetched_at` is when the fetch began,
    on the database's clock: a roster older than the last one changes nothing. Raises `SuspiciousSource` for an empty roster,
    and for one that would mark more than 30 % of the known characters (and at least 3) as gone, unless an officer has
    released exactly them or `accept_losses`.
    """
    usable, problems = _usable(characters)
    if not usable:
        raise SuspiciousSource(
            tr(
                "Battle.net sent an empty roster, which counts as a failed fetch. No character was marked as gone. "
                "Try again later."
            )
        )
    number = await guilds.resolve_guild(pool, guild_id)
    async with held_losses.keeping_losses(pool, number), pool.writing(number) as guild:
        as_of = await guilds.take_in_if_newer(guild, "roster", fetched_at)
        if as_of is None:
            notice = tr("A newer roster was already synced, so this one changed nothing.")
            moves_of_none = dict.fromkeys(("joined", "returned", "left", "renamed", "refused"), 0)
            return SyncReport("battlenet", {"characters": len(usable), **moves_of_none}, (notice,))
        known = await guilds.roster_size(guild)
        await ranks.ensure(guild, [each.rank for each in usable])
        moves = await character_store.apply_roster(guild, usable, is_complete=not problems, as_of=as_of)
        loss = Loss("battlenet", moves.left_ids, known)
        await held_losses.judge(guild, loss, is_accepted=accept_losses, is_complete=not problems)
        await character_store.settle_ranks(guild)
        unmapped = await ranks.unmapped(guild)
        await guilds.count_characters(guild)
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
        *([tr("Some entries were skipped, so no character was marked as gone this time.")] if problems else []),
        *(tr("“{old}” is now called “{new}”.", old=old, new=new) for old, new in moves.renamed),
        *(
            tr_n(
                "Rank {rank} ({name}, {n} character) maps to no Discord role.",
                "Rank {rank} ({name}, {n} characters) maps to no Discord role.",
                count,
                rank=index,
                name=name,
            )
            for index, name, count in unmapped
        ),
    ]
    return SyncReport("battlenet", counts, tuple(notices))


async def refresh_profiles(pool: Pool, source: ProfileSource, *, guild_id: int | None = None) -> SyncReport:
    """Fetch the profiles of a guild that are due again, as far as the guild's share of the hour's requests reaches.

    Then erase what is gone or too old. A failed fetch changes nothing, except that a profile may become too old. The report
    is partial where every fetch failed, or so many in a row that the rest was not requested. Raises a `SourceError`, before
    anything is changed, when Battle.net takes no request at all.
    """
    number = await guilds.resolve_guild(pool, guild_id)
    async with pool.installation() as conn:
        fraction = await guilds.share_of(conn, number)
    async with pool.reading(number) as here:
        guild = await guilds.get(here)
        began = await runs.now(here.conn)
        share, most = _affordable(source, fraction)
        due, count = await profiles.due(
            here,
            share=share,
            most=most,
            pause=GONE_CONFIRM_INTERVAL,
            stale_after_days=stale_character.STALE_AFTER.default,
        )
    answers = await source.fetch_profiles(guild.region, [each.address for each in due]) if due else []
    asked = list(zip(due, answers, strict=True))
    async with pool.writing(guild.id) as here:
        erased = await profiles.record(here, asked, apart=GONE_CONFIRM_INTERVAL, began=began)
        expired = await _expire(here, erased)
        if unseen := [each.id for each, answer in asked if answer.state in _UNSEEN]:
            await evidence.forget(here, unseen)
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
        *(
            [
                tr_n(
                    "{n} profile was not fetched this time. The next run starts with it.",
                    "{n} profiles were not fetched this time. The next run starts with them.",
                    waiting,
                )
            ]
            if waiting
            else []
        ),
    ]
    # An outage: nothing was fetched, or fetching stopped because one request after the other failed.
    is_partial = states[ProfileState.NOT_ASKED] > 0 or 0 < states[ProfileState.FAILED] == len(answers)
    return SyncReport("profiles", counts, tuple(notices), is_partial=is_partial)


def _affordable(source: ProfileSource, fraction: float) -> tuple[int, int]:
    """Return how many profiles are the guild's share until its next turn, and how many could be fetched now at most.

    The share goes by the guild's part of all characters, so that each profile has its turn equally soon. What others do not
    use is anybody's, as long as half of an hour's requests is left for those who come next. A fifth of them is kept for
    profiles that have waited too long, so that a guild whose turn always comes when the hour is used up is read too.
    """
    of_an_hour = max(0, source.requests_an_hour - RESERVED_REQUESTS)
    left = max(0, source.spare_requests - RESERVED_REQUESTS)
    fair = fraction * of_an_hour * (FRESHNESS[Source.ROSTER].expected_every / timedelta(hours=1))
    share = max(1, int(max(fair, left - of_an_hour // 2)) // REQUESTS_FOR_ONE)
    return min(share, max(0, left - of_an_hour // 5) // REQUESTS_FOR_ONE), left // REQUESTS_FOR_ONE


async def erase_expired_profiles(pool: Pool, *, guild_id: int) -> SyncReport:
    """Erase the content of profiles, and account evidence, that were not read again in time, for runs without Battle.net."""
    async with pool.writing(guild_id) as guild:
        expired = await _expire(guild)
        await evidence.expire(guild)
    return SyncReport("profiles", {"expired": len(expired)}, tuple(_expiries([each.name for each in expired])))


async def refresh_realms(pool: Pool, source: RealmSource, *, guild_id: int | None = None) -> SyncReport:
    """Fetch the realms of a guild's region where they are older than a week; counts none where they are not.

    A failed fetch is a notice and never an error: uploads are then matched by the realms known before, or by the roster's.
    """
    async with pool.installation() as conn:
        guild = await guilds.the_only(conn, guild_id)
        is_due = await realms.is_due(conn, guild.region, age=REALMS_MAX_AGE)
    if not is_due:
        return SyncReport("realms", {"realms": 0})
    try:
        index = await source.fetch_realms(guild.region)
    except SourceError as error:
        return SyncReport(
            "realms", {"realms": 0}, (tr("The list of realms could not be updated. {error}", error=error),)
        )
    async with pool.installation() as conn:
        await realms.write(conn, guild.region, index.realms)
    return SyncReport("realms", {"realms": len(index.realms)})


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
            problem = mark("Roster entry “{name}” on {realm} appears twice in the roster, so it was skipped.")
        if problem is not None:
            problems.append(_told(problem, each))
            continue
        seen |= keys
        usable.append(_without_absurdities(each))
    return usable, problems


def _told(problem: str, each: RosterCharacter) -> str:
    return tr(
        problem,
        name=each.name[:LONGEST_NAME],
        realm=each.realm_slug[:LONGEST_NAME],
        length=len(each.name.strip()),
        longest=LONGEST_NAME,
        rank=each.rank,
        lowest=LOWEST_RANK,
        level=each.level,
        highest=HIGHEST_LEVEL,
    )


def _problem_of(each: RosterCharacter) -> str | None:
    name = each.name.strip()
    if not name or not name.isprintable():
        return mark("Roster entry “{name}” on {realm} has no readable name, so it was skipped.")
    if len(name) > LONGEST_NAME:
        return mark(
            "Roster entry “{name}” on {realm} has a name of {length} letters, more than the {longest} that can be "
            "stored, so it was skipped."
        )
    if not realm_key(each.realm_slug) or not each.realm_slug.isprintable():
        return mark("Roster entry “{name}” on {realm} has no readable realm, so it was skipped.")
    if not 0 <= each.rank <= LOWEST_RANK:
        return mark("Roster entry “{name}” on {realm} has the rank {rank}, outside 0 to {lowest}, so it was skipped.")
    if not 0 <= each.level <= HIGHEST_LEVEL:
        return mark(
            "Roster entry “{name}” on {realm} has the level {level}, outside 0 to {highest}, so it was skipped."
        )
    return None


def _without_absurdities(each: RosterCharacter) -> RosterCharacter:
    """Drop impossible values of the profile: a login in the future, an item level out of range."""
    tomorrow = int(time.time() * 1000) + _A_DAY_MS
    login, item_level = each.last_login_timestamp, each.item_level
    return replace(
        each,
        name=each.name.strip(),
        last_login_timestamp=login if login is not None and 0 < login < tomorrow else None,
        item_level=item_level if item_level is not None and 0 <= item_level <= LARGEST_ITEM_LEVEL else None,
    )


async def _expire(guild: GuildConnection, erased: Collection[int] = ()) -> list[ErasedProfile]:
    """Erase what is too old; then remove the logins of all erased profiles from issues."""
    expired = await profiles.expire(guild, kept=PROFILE_MAX_AGE)
    forgotten = [*erased, *(each.id for each in expired)]
    await lifecycle.forget(
        guild,
        stale_character.ISSUE_TYPE,
        forgotten,
        detail="last_login_timestamp",
        summary=tr("The character's last login is no longer known"),
    )
    return expired


def _ends(gone: _Requested) -> list[str]:
    """One sentence for each character whose end was confirmed, and one for those beyond the first few."""
    sentences = [
        # For translators: {what} is what happened, such as “is no longer known to Battle.net”.
        tr(
            "“{character}” {what}, confirmed twice. Its profile was erased; the roster data stays.",
            character=each.address.name,
            what=answer.reason,
        )
        for each, answer in gone[:NAMES_IN_A_LIST]
    ]
    more = len(gone) - len(sentences)
    if more <= 0:
        return sentences
    return [
        *sentences,
        tr_n("The same for {n} more character.", "The same for {n} more characters.", more),
    ]


def _expiries(names: Sequence[str]) -> list[str]:
    sentence = tr(
        "Profiles not updated for {days} days were erased: {names}.", days=PROFILE_MAX_AGE.days, names=listed(names)
    )
    return [sentence] if names else []


def _failures(answers: Sequence[ProfileAnswer]) -> list[str]:
    failed = [answer for answer in answers if answer.state is ProfileState.FAILED]
    if not failed:
        return []
    learned = len(answers) - len(failed) - sum(answer.state is ProfileState.NOT_ASKED for answer in answers)
    if learned:
        said = tr_n(
            "{n} profile could not be read and stays unchanged.",
            "{n} profiles could not be read and stay unchanged.",
            len(failed),
        )
    else:
        said = tr_n(
            "The only profile could not be read. Its data stays unchanged.",
            "Not one of the {n} profiles could be read. Their data stays unchanged.",
            len(answers),
        )
    return [f"{said} {failed[0].reason}"]
