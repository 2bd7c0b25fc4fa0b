"""What sources say: a failed one changes nothing, the same news twice changes nothing, and no order of a list matters."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from laws import snapshot
from laws.guilds import (
    IN_THE_GAME,
    ON_DISCORD,
    CharacterSpec,
    Event,
    GuildSpec,
    MemberSpec,
    PlayerSpec,
    events,
    guild_specs,
)
from laws.happenings import live
from laws.law import empty, tried_on
from laws.life import Life
from laws.snapshot import Snapshot, differences
from laws.sources import BattleNetInMemory
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import BadInput, Refused, SourceMalformed, SourceUnavailable, SuspiciousSource
from sv_common.guild_sync.db_sync import sync_addon_data, sync_blizzard_roster
from sv_common.guild_sync.discord_sync import sync_discord_members
from sv_common.guild_sync.roster.loss import FEWEST
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.scheduler import run_addon_sync, run_blizzard_sync, run_discord_sync
from sv_common.guild_sync.sources.models import DiscordMember, RosterCharacter
from sv_common.guild_sync.sources.ports import Sources

_news = events(*IN_THE_GAME, *ON_DISCORD, most=2)
_SYNC_TIMES = (
    "blizzard_last_sync",
    "addon_last_sync",
    "last_sync",
    "guild_note_as_of",
    "officer_note_as_of",
    "settled_rank_as_of",
    "name_as_of",
    "roster_as_of",
    "members_as_of",
    "roles_as_of",
)
_LAST_EXPORTS = "guild_identity.last_exports"
"""Nothing but the time at which an export saw what was known already."""
_ERRORS = (SourceUnavailable("Timed out."), SourceMalformed("Not what it should be."), RuntimeError("A fault."))
_BAD_ENTRIES: tuple[object, ...] = (
    None,
    5,
    "Mito",
    {},
    {"name": ""},
    {"name": "Mi\0to"},
    {"name": "M" * 300},
    {"name": "Qwib", "rank": 55},
    {"name": "Qwib", "note": "n" * 256},
    {"name": "Qwib", "note": 5},
    {"name": "Qwib", "note": "\ud800"},
    {"name": "Qwib", "level": -1},
)


@tried_on()
@given(guild_specs(fewest_characters=3), st.randoms(use_true_random=True))
async def test_a_roster_that_cannot_be_right_changes_nothing(pool: Pool, spec: GuildSpec, rng: random.Random) -> None:
    life = await _begin(pool, spec)
    before = await _everything(pool)
    for roster in _bad_rosters(life.roster(), rng):
        sources = Sources(BattleNetInMemory(roster), life.discord, life.announcer)
        await _assert_refused(
            pool, before, partial(run_blizzard_sync, pool, guild_id=life.guild_id, sources=sources), Refused
        )
    for error in _ERRORS:
        sources = Sources(BattleNetInMemory(error=error), life.discord, life.announcer)
        pipeline = partial(run_blizzard_sync, pool, guild_id=life.guild_id, sources=sources)
        await _assert_refused(pool, before, pipeline, type(error))


@tried_on()
@given(guild_specs(fewest_members=3), st.randoms(use_true_random=True))
async def test_a_discord_server_that_cannot_be_right_changes_nothing(
    pool: Pool, spec: GuildSpec, rng: random.Random
) -> None:
    life = await _begin(pool, spec)
    if not life.people_on_discord:
        return
    before = await _everything(pool)
    pipeline = partial(run_discord_sync, pool, guild_id=life.guild_id, sources=life.sources)
    for members in _bad_servers(list(life.discord.members.values()), rng):
        life.discord.says = replace(life.discord.server(), members=members)
        await _assert_refused(pool, before, pipeline, Refused)
    life.discord.says = replace(life.discord.server(), guild_id="7999")
    await _assert_refused(pool, before, pipeline, Refused)
    for error in _ERRORS:
        life.discord.error = error
        await _assert_refused(pool, before, pipeline, type(error))


@tried_on()
@given(guild_specs(fewest_characters=2), st.randoms(use_true_random=True))
async def test_an_upload_with_one_fault_changes_nothing(pool: Pool, spec: GuildSpec, rng: random.Random) -> None:
    life = await _begin(pool, spec)
    changed = [replace(row, note="Zork", rank_name="Warlord") for row in life.upload()]
    uploads: list[list[object]] = [[], [*changed, changed[0]]]
    for fault in _BAD_ENTRIES:
        place = rng.randrange(len(changed) + 1)
        uploads.append([*changed[:place], fault, *changed[place:]])
    before = await _everything(pool)
    for upload in uploads:
        pipeline = partial(run_addon_sync, pool, upload, guild_id=life.guild_id, sources=life.sources)
        await _assert_refused(pool, before, pipeline, BadInput)


@tried_on()
@given(guild_specs(fewest_characters=2))
async def test_an_uploader_who_can_see_no_note_changes_no_note_and_no_link(pool: Pool, spec: GuildSpec) -> None:
    await empty(pool)
    life = await Life.begin(pool, spec)
    await life.scan()
    before = await _without_times(pool)
    rows = [{"name": row.name, "realm": row.realm, "note": "", "officerNote": ""} for row in life.upload()]
    assume(len(rows) > 1)  # the empty note of a single entry counts as seen
    await sync_addon_data(pool, rows, guild_id=life.guild_id)
    assert differences(before, await _without_times(pool)) == {}


@tried_on()
@given(guild_specs(), _news)
async def test_the_same_news_twice_changes_nothing(pool: Pool, spec: GuildSpec, news: list[Event]) -> None:
    await empty(pool)
    life = await Life.begin(pool, spec)
    await live(life, news)
    await life.sync_all()
    first = await _without_times(pool)
    await life.sync_all()
    assert differences(first, await _without_times(pool)) == {}


@tried_on()
@given(guild_specs(fewest_characters=4, fewest_members=2), _news, st.randoms(use_true_random=True))
async def test_the_order_of_a_sources_list_never_changes_a_result(
    pool: Pool, spec: GuildSpec, news: list[Event], rng: random.Random
) -> None:
    assert differences(await _outcome(pool, spec, news, rng), await _outcome(pool, spec, news, None)) == {}


async def test_two_characters_whose_notes_name_each_other_are_treated_alike(pool: Pool) -> None:
    """Neither may be linked because the other was asked first."""
    spec = GuildSpec(
        characters=(CharacterSpec("Mito", 0, 1, "Zork", 1), CharacterSpec("Zork", 0, 1, "Mito", 1)),
        players=(PlayerSpec("Mito", None), PlayerSpec("Zork", None)),
    )
    life = await Life.begin(pool, spec)
    await life.match()
    assert len(await life.rows("player_characters")) in (0, 2)


@pytest.mark.parametrize(
    ("known", "missing", "is_refused"),
    [(10, 3, False), (10, 4, True), (3, 1, False), (3, 2, False), (4, 1, False), (4, 3, True)],
)
async def test_losing_more_than_three_in_ten_and_at_least_three_counts_as_a_failed_fetch(
    pool: Pool, known: int, missing: int, is_refused: bool
) -> None:
    life = await Life.begin(pool, _plain_guild(known))
    attempts = (
        partial(sync_blizzard_roster, pool, life.roster()[missing:], guild_id=life.guild_id),
        partial(
            sync_discord_members,
            pool,
            replace(life.server(), members=life.people_on_discord[missing:]),
            guild_id=life.guild_id,
        ),
    )
    for attempt in attempts:
        before = await _everything(pool)
        if is_refused:
            await _assert_refused(pool, before, attempt, SuspiciousSource)
        else:
            await attempt()


async def test_an_empty_answer_is_refused_even_where_losses_are_accepted(pool: Pool) -> None:
    life = await Life.begin(pool, _plain_guild(3))
    before = await _everything(pool)
    nobody_readable = [replace(each, name="M" * 300) for each in life.roster()]
    for roster in ([], nobody_readable):
        attempt = partial(sync_blizzard_roster, pool, roster, guild_id=life.guild_id, accept_losses=True)
        await _assert_refused(pool, before, attempt, SuspiciousSource)
    for members in ([], [replace(each, is_bot=True) for each in life.people_on_discord]):
        server = replace(life.server(), members=members)
        attempt = partial(sync_discord_members, pool, server, guild_id=life.guild_id, accept_losses=True)
        await _assert_refused(pool, before, attempt, SuspiciousSource)


async def test_a_name_that_somebody_else_took_is_taken_in_beside_an_entry_that_cannot_be_used(pool: Pool) -> None:
    life = await Life.begin(pool, _plain_guild(10))
    first, *others = life.roster()
    successor = replace(first, character_id=4_000_000)
    unusable = replace(first, name="M" * 300, character_id=4_000_001)
    report = await sync_blizzard_roster(pool, [successor, *others, unusable], guild_id=life.guild_id)
    assert report.counts["refused"] == 1
    present = [row for row in await life.rows("wow_characters") if row["removed_at"] is None]
    assert [row["blizzard_character_id"] for row in present if row["character_name"] == first.name] == [4_000_000]


@pytest.mark.parametrize("is_reversed", [False, True])
async def test_a_namesake_on_a_realm_that_the_roster_does_not_know_yet_gives_its_note_to_nobody_else(
    pool: Pool, is_reversed: bool
) -> None:
    life = await Life.begin(pool, _plain_guild(3))
    rows = [
        {"name": "Aa", "realm": "Area52", "note": "alt of Ab"},
        {"name": "Aa", "realm": "Blackhand", "note": "alt of Ac"},
    ]
    report = await sync_addon_data(pool, reversed(rows) if is_reversed else rows, guild_id=life.guild_id)
    notes = {row["character_name"]: row["guild_note"] for row in await life.rows("wow_characters")}
    assert notes["Aa"] in ("alt of Ab", None)
    assert any("Blackhand" in notice for notice in report.notices)


async def _begin(pool: Pool, spec: GuildSpec) -> Life:
    await empty(pool)
    life = await Life.begin(pool, spec)
    await life.make_everything_automatic()
    life.through_pipelines = True
    return life


async def _without_times(pool: Pool) -> Snapshot:
    """Everything but when the sources said it."""
    return await snapshot.take(pool, apart_from=[_LAST_EXPORTS], without_columns=_SYNC_TIMES)


async def _everything(pool: Pool) -> Snapshot:
    return await snapshot.take(pool, apart_from=["guild_identity.sync_log", "guild_identity.held_losses"])


async def _assert_refused(
    pool: Pool, before: Snapshot, attempt: Callable[[], Awaitable[object]], error: type[Exception]
) -> None:
    """It is refused, and nothing but the log of runs, and what it keeps of a refused list, knows of it."""
    with pytest.raises(error):
        await attempt()
    assert differences(before, await _everything(pool)) == {}


def _bad_rosters(roster: list[RosterCharacter], rng: random.Random) -> list[list[RosterCharacter]]:
    """Rosters that no guild has from one sync to the next. Whoever is in them has changed, to show what is taken in."""
    changed = [replace(each, rank=(each.rank + 1) % 5, level=70) for each in roster]
    strangers = [
        replace(each, name=f"{each.name}x", character_id=place) for place, each in enumerate(changed, 9_000_000)
    ]
    halved = rng.sample(changed, max(0, len(changed) - _too_many(len(changed))))
    rosters = [[], [replace(each, name="M" * 300) for each in changed]]
    return [*rosters, halved, strangers] if len(changed) >= FEWEST else rosters


def _bad_servers(members: list[DiscordMember], rng: random.Random) -> list[list[DiscordMember]]:
    """Lists of members that no server has from one sync to the next."""
    changed = [replace(each, nick="Changed", role_ids=()) for each in members]
    people, bots = [m for m in changed if not m.is_bot], [m for m in changed if m.is_bot]
    kept = rng.sample(people, max(0, len(people) - _too_many(len(people))))
    strangers = [replace(each, user_id=f"{each.user_id}99") for each in people]
    halved = [[*kept, *bots], [*kept, *kept, *kept, *bots], [*strangers, *bots]]
    return [[], bots, *halved] if len(people) >= FEWEST else [[], bots]


def _too_many(known: int) -> int:
    """The smallest number of losses that is not believed."""
    return max(FEWEST, known * 3 // 10 + 1)


async def _outcome(pool: Pool, spec: GuildSpec, news: list[Event], order: random.Random | None) -> Snapshot:
    """All that comes of a guild, told by names and numbers that do not depend on the order of writing."""
    await empty(pool)
    life = await Life.begin(pool, spec, order=order)
    await live(life, news)
    await life.scan()
    outcome = await _told(life, "after the scan")
    await life.make_everything_automatic()
    await life.automate()
    outcome |= await _told(life, "after automatic fixes")
    for issue_type in RULES:
        await life.fix_all(issue_type)
    outcome |= await _told(life, "after all fixes")
    await life.match()
    return outcome | await _told(life, "after the match")


async def _told(life: Life, moment: str) -> Snapshot:
    numbers = {row["id"]: row["blizzard_character_id"] for row in await life.rows("wow_characters")}
    members = {row["id"]: row["discord_id"] for row in await life.rows("discord_users")}
    players = {
        row["id"]: (row["display_name"], members.get(row["discord_user_id"]), numbers.get(row["main_character_id"]))
        for row in await life.rows("players")
    }
    links = await life.rows("player_characters")
    return {
        f"players {moment}": sorted(map(str, players.values())),
        f"links {moment}": sorted(
            str((numbers[x["character_id"]], players[x["player_id"]], x["link_source"], x["confidence"])) for x in links
        ),
        f"issues {moment}": sorted(
            str(
                (
                    row["issue_type"],
                    numbers.get(row["wow_character_id"]),
                    members.get(row["discord_member_id"]),
                    players.get(row["player_id"]),
                    row["resolved_at"] is None,
                    row["severity"],
                    _words_of(row["review_reason"]),
                )
            )
            for row in await life.rows("audit_issues")
        ),
    }


def _words_of(reason: str | None) -> list[str]:
    """What a waiting reason says, in no order, without the similar names: of equally similar ones any may be shown."""
    return sorted((reason or "").partition(" Similar names:")[0].split())


def _plain_guild(size: int) -> GuildSpec:
    """Characters and members called Aa, Ab, Ac and so on, without notes."""
    called = [f"A{chr(ord('a') + place)}" for place in range(size)]
    return GuildSpec(
        characters=tuple(CharacterSpec(name, 0, 1, None, 1) for name in called),
        members=tuple(MemberSpec(name.lower(), name, None, frozenset(), is_bot=False) for name in called),
    )
