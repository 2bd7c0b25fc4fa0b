"""Lists in which too many are missing: judged by what the write would do, kept for an officer, and released once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from guild_builder import OFFICER, SOCIAL, GuildBuilder, entry, person, server
from sv_common.guild_sync.core.errors import NotFound, PlanStale, SuspiciousSource
from sv_common.guild_sync.db_sync import sync_blizzard_roster
from sv_common.guild_sync.discord_sync import sync_discord_members
from sv_common.guild_sync.roster import held_losses
from sv_common.guild_sync.roster.held_losses import HeldLoss, LostSubject
from sv_common.guild_sync.roster.loss import LossSource

NAMES = [f"Name{chr(97 + number)}" for number in range(10)]


async def roster(guild: GuildBuilder, *names: str) -> dict[str, int]:
    entries = [entry(name, rank=OFFICER if name == "Namea" else SOCIAL) for name in names]
    return (await sync_blizzard_roster(guild.pool, entries, guild_id=guild.guild_id)).counts


async def members(guild: GuildBuilder, *names: str) -> dict[str, int]:
    people = [person(str(100 + NAMES.index(name)), name, "101") for name in names]
    return (await sync_discord_members(guild.pool, server(guild, *people), guild_id=guild.guild_id)).counts


Sync = Callable[..., Awaitable[dict[str, int]]]
SYNCS = pytest.mark.parametrize(("sync", "source"), [(roster, "battlenet"), (members, "discord")])


async def held(guild: GuildBuilder) -> list[HeldLoss]:
    return await guild.call(held_losses.all_of)


async def who(guild: GuildBuilder, loss: HeldLoss) -> list[LostSubject]:
    return await guild.call(held_losses.subjects, loss)


async def release(guild: GuildBuilder, source: LossSource, key: str) -> HeldLoss:
    return await guild.call(held_losses.release, source, key, actor="alice")


@SYNCS
async def test_in_a_small_guild_one_or_two_may_leave(guild: GuildBuilder, sync: Sync, source: LossSource) -> None:
    await sync(guild, *NAMES[:3])
    assert (await sync(guild, *NAMES[:1]))["left"] == 2
    assert await held(guild) == []


@SYNCS
async def test_three_of_four_are_refused_and_kept_with_names(
    guild: GuildBuilder, sync: Sync, source: LossSource
) -> None:
    await sync(guild, *NAMES[:4])
    with pytest.raises(SuspiciousSource, match="3 of 4 known"):
        await sync(guild, "Named")
    (loss,) = await held(guild)
    assert (loss.source, loss.known, loss.released_at) == (source, 4, None)
    assert [each.name for each in await who(guild, loss)] == ["Namea", "Nameb", "Namec"]


async def test_what_is_kept_tells_rank_and_player(guild: GuildBuilder) -> None:
    await roster(guild, *NAMES)
    rows = await guild.rows("select id from guild_identity.wow_characters where character_name = 'Nameb'")
    player = await guild.player("Bea")
    await guild.link(rows[0][0], player)
    with pytest.raises(SuspiciousSource):
        await roster(guild, *NAMES[4:])
    (loss,) = await held(guild)
    told = [(each.name, each.place, each.player) for each in await who(guild, loss)]
    assert told == [
        ("Namea", "Officer", None),
        ("Nameb", "Social", "Bea"),
        ("Namec", "Social", None),
        ("Named", "Social", None),
    ]


@SYNCS
async def test_who_was_released_may_go_once(guild: GuildBuilder, sync: Sync, source: LossSource) -> None:
    await sync(guild, *NAMES)
    with pytest.raises(SuspiciousSource):
        await sync(guild, *NAMES[5:])
    (loss,) = await held(guild)
    assert (await release(guild, source, loss.key)).released_by == "alice"
    assert (await sync(guild, *NAMES[5:]))["left"] == 5
    assert await held(guild) == []
    await sync(guild, *NAMES)
    with pytest.raises(SuspiciousSource):
        await sync(guild, *NAMES[5:])


@SYNCS
async def test_fewer_than_were_released_may_go(guild: GuildBuilder, sync: Sync, source: LossSource) -> None:
    await sync(guild, *NAMES)
    with pytest.raises(SuspiciousSource):
        await sync(guild, *NAMES[5:])
    await release(guild, source, (await held(guild))[0].key)
    assert (await sync(guild, *NAMES[1:2], *NAMES[5:]))["left"] == 4


@SYNCS
async def test_somebody_beyond_those_who_were_released_is_refused_anew(
    guild: GuildBuilder, sync: Sync, source: LossSource
) -> None:
    await sync(guild, *NAMES)
    with pytest.raises(SuspiciousSource):
        await sync(guild, *NAMES[5:])
    (seen,) = await held(guild)
    await release(guild, source, seen.key)
    with pytest.raises(SuspiciousSource):
        await sync(guild, *NAMES[6:])
    (loss,) = await held(guild)
    assert (len(loss.subject_ids), loss.released_at) == (6, None)
    with pytest.raises(PlanStale):
        await release(guild, source, seen.key)
    with pytest.raises(SuspiciousSource):
        await sync(guild, *NAMES[6:])


@SYNCS
async def test_a_list_that_is_whole_again_ends_the_question(
    guild: GuildBuilder, sync: Sync, source: LossSource
) -> None:
    await sync(guild, *NAMES)
    with pytest.raises(SuspiciousSource):
        await sync(guild, *NAMES[5:])
    (loss,) = await held(guild)
    await sync(guild, *NAMES)
    assert await held(guild) == []
    with pytest.raises(NotFound):
        await release(guild, source, loss.key)


async def test_a_list_with_an_entry_that_was_left_out_ends_no_question_and_no_word(guild: GuildBuilder) -> None:
    await roster(guild, *NAMES)
    with pytest.raises(SuspiciousSource):
        await roster(guild, *NAMES[5:])
    released = await release(guild, "battlenet", (await held(guild))[0].key)
    assert (await roster(guild, *NAMES[5:], ""))["refused"] == 1
    assert await held(guild) == [released]
    assert (await roster(guild, *NAMES[5:]))["left"] == 5


async def test_the_brake_counts_those_whom_the_write_replaces_by_others_of_their_names(guild: GuildBuilder) -> None:
    """The same names with other ids are other characters, though every name is there."""
    old = [entry(name, realm_id=7, character_id=number) for number, name in enumerate(NAMES, 1)]
    new = [entry(name, realm_id=7, character_id=number) for number, name in enumerate(NAMES, 101)]
    await sync_blizzard_roster(guild.pool, old, guild_id=guild.guild_id)
    with pytest.raises(SuspiciousSource, match="10 of 10 known characters"):
        await sync_blizzard_roster(guild.pool, new, guild_id=guild.guild_id)
    assert await guild.rows("select count(*), max(blizzard_character_id) from guild_identity.wow_characters") == [
        (10, 10)
    ]


async def test_bots_that_leave_do_not_count(guild: GuildBuilder) -> None:
    bots = [person(str(number), f"Bot{number}", is_bot=True) for number in range(900, 910)]
    people = [person("1", "Elrek"), person("2", "Mito")]
    await sync_discord_members(guild.pool, server(guild, *people, *bots), guild_id=guild.guild_id)
    report = await sync_discord_members(guild.pool, server(guild, *people), guild_id=guild.guild_id)
    assert report.counts["left"] == 10
