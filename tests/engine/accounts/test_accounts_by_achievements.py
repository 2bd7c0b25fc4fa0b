"""Achievements in a guild's life: read only where pets are refused, within the same hour, and by the same rules."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import structlog

from engine.accounts.comparing import SECRET, ComparingGuild, address_of
from sv_common.guild_sync.accounts.evidence import DOUBTED_AFTER, FAILED_AFTER, KEPT, READ_AGAIN_AFTER, REFUSED_AFTER
from sv_common.guild_sync.accounts.objections import set_objection
from sv_common.guild_sync.core.errors import SourceDenied
from sv_common.guild_sync.db_sync import erase_expired_profiles
from sv_common.guild_sync.erasing.export import export_person
from sv_common.guild_sync.erasing.person import PersonRow
from sv_common.guild_sync.scheduler import run_blizzard_sync
from sv_common.guild_sync.simulators.accounts import FIRST_ACHIEVEMENT_MS, OLD_ACHIEVEMENTS, WorldAccount
from sv_common.guild_sync.simulators.faults import Faults
from sv_common.guild_sync.simulators.model import WorldCharacter
from sv_common.guild_sync.sources.bounded import LARGEST_ANSWER
from sv_common.guild_sync.sources.http import http_client

A_DAY = 1.01
OLD_ENOUGH = READ_AGAIN_AFTER.days * 1.26
A_WHILE = (FAILED_AFTER.total_seconds() + 60) / 86_400


def told(later: int = 0) -> WorldAccount:
    """Return an account without pets that can be told by its achievements."""
    return WorldAccount(
        achievements={
            number: FIRST_ACHIEVEMENT_MS + (later + place) * 60_000 for place, number in enumerate(OLD_ACHIEVEMENTS)
        }
    )


@pytest.fixture
def hidden(guild: ComparingGuild) -> list[WorldCharacter]:
    """Two characters of one account whose pets are refused, and one of another account."""
    first, second, other = guild.world.characters[:3]
    first.account = second.account = told()
    other.account = told(later=900_000)
    found = [first, second, other]
    guild.refuse_pets(*found)
    return found


async def test_the_achievements_are_read_of_those_alone_whose_pets_are_refused(
    guild: ComparingGuild, hidden: list[WorldCharacter]
) -> None:
    guild.simulator.calls.clear()
    report = await guild.compare()
    assert report.counts["read"] == len(guild.world.characters)
    assert (guild.simulator.calls["pets"], guild.simulator.calls["achievements"]) == (
        len(guild.world.characters),
        len(hidden),
    )
    names = {address_of(each) for each in hidden}
    assert await guild.kinds() == {
        address_of(each): "achievements" if address_of(each) in names else "pets" for each in guild.world.characters
    }
    assert await guild.groups() == guild.true_groups
    assert frozenset(address_of(each) for each in hidden[:2]) in await guild.groups()


async def test_officers_see_by_what_an_account_is_known(guild: ComparingGuild, hidden: list[WorldCharacter]) -> None:
    await guild.compare()
    found = await guild.now()
    by_kind = {each.known_by: each.why for each in found.accounts}
    assert by_kind == {
        "pets": "They own the same battle pets.",
        "achievements": "They earned the same achievements in the same minutes.",
    }
    assert (found.read, found.read_achievements) == (len(guild.world.characters) - len(hidden), len(hidden))
    assert "Achievements of 3 characters are known instead, because Battle.net does not show their pets." in (
        found.sentence
    )


async def test_achievements_are_not_requested_where_pets_are_shown_or_fail(guild: ComparingGuild) -> None:
    await guild.compare()
    guild.simulator.faults.status("pets", 503, times=None)
    await guild.age(OLD_ENOUGH)
    await guild.compare()
    assert guild.simulator.calls["achievements"] == 0


async def test_nothing_is_requested_where_it_is_off_or_the_member_objects(
    guild: ComparingGuild, hidden: list[WorldCharacter]
) -> None:
    await guild.switch("off")
    await guild.compare()
    assert guild.simulator.calls["achievements"] == 0
    await guild.switch("suggest")
    for character in hidden:
        ((number,),) = await guild.rows(
            "select id from guild_identity.wow_characters where blizzard_character_id = %(id)s",
            {"id": character.character_id},
        )
        await set_objection(guild.pool, SECRET, number, objects=True, actor="alice", guild_id=guild.guild_id)
    await guild.compare()
    assert guild.simulator.calls["achievements"] == 0


async def test_who_displays_only_character_achievements_tells_nothing_and_joins_nobody(
    guild: ComparingGuild, hidden: list[WorldCharacter]
) -> None:
    for character in hidden:
        guild.world.account_of(character).hides_achievements = True
    await guild.compare()
    assert await guild.groups() == guild.true_groups
    assert (await guild.now()).poor >= len(hidden)


async def test_an_hour_is_never_asked_for_more_than_its_half_and_in_the_end_all_are_read(guild: ComparingGuild) -> None:
    guild.refuse_pets(*guild.world.characters)
    hours = 0
    while {*(await guild.kinds()).values()} != {"achievements"}:
        guild.source = guild.client(requests_an_hour=20)
        guild.simulator.calls.clear()
        report = await guild.compare()
        assert guild.simulator.calls["pets"] + guild.simulator.calls["achievements"] <= 10
        assert (report.counts["failed"], report.is_partial) == (0, False), "what has to wait has not failed"
        await guild.age(A_WHILE)
        hours += 1
        assert hours <= 8
    assert await guild.groups() == guild.true_groups


async def test_those_whose_pets_were_refused_are_promised_two_requests(guild: ComparingGuild) -> None:
    guild.refuse_pets(*guild.world.characters)
    await guild.compare()
    assert {*(await guild.kinds()).values()} == {"achievements"}
    await guild.age(OLD_ENOUGH)
    guild.source = guild.client(requests_an_hour=20)
    guild.simulator.calls.clear()
    assert (await guild.compare()).counts["read"] == 5
    assert (guild.simulator.calls["pets"], guild.simulator.calls["achievements"]) == (5, 5)


async def test_refused_achievements_erase_what_was_read_of_them(
    guild: ComparingGuild, hidden: list[WorldCharacter]
) -> None:
    await guild.compare()
    for character in hidden:
        guild.world.account_of(character).is_hidden = True
    await guild.age(OLD_ENOUGH)
    assert (await guild.compare()).counts["refused"] == len(hidden)
    kinds = await guild.kinds()
    assert [kinds[address_of(each)] for each in hidden] == [None] * len(hidden)
    assert (await guild.now()).refused == len(hidden)
    for character in hidden:
        guild.world.account_of(character).is_hidden = False
    await guild.age(REFUSED_AFTER.days * A_DAY)
    assert (await guild.compare()).counts["read"] == len(hidden)
    assert await guild.groups() == guild.true_groups


async def test_refused_pets_are_erased_even_when_the_achievements_cannot_be_read(guild: ComparingGuild) -> None:
    await guild.compare()
    refused = guild.siblings()
    guild.refuse_pets(*refused)
    guild.simulator.faults.status("achievements", 503, times=None)
    await guild.age(OLD_ENOUGH)
    report = await guild.compare()
    assert report.counts["failed"] == len(refused)
    assert any("The achievements of" in notice for notice in report.notices)
    kinds = await guild.kinds()
    assert [kinds[address_of(each)] for each in refused] == [None] * len(refused)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_achievements_that_cannot_be_read_stay_what_they_were(
    guild: ComparingGuild, hidden: list[WorldCharacter], status: int
) -> None:
    await guild.compare()
    before = await guild.groups()
    await guild.age(OLD_ENOUGH)
    guild.simulator.faults.status("achievements", status, times=None)
    report = await guild.compare()
    assert (report.counts["failed"], await guild.groups()) == (len(hidden), before)


@pytest.mark.parametrize("break_it", [
    lambda faults: faults.empty("achievements", times=None),
    lambda faults: faults.empty("achievements", 204, times=None),
    lambda faults: faults.truncated("achievements", times=None),
    lambda faults: faults.cut("achievements", times=None),
    lambda faults: faults.html("achievements", times=None),
    lambda faults: faults.json("achievements", {}, times=None),
    lambda faults: faults.json("achievements", {"achievements": [{"id": None}]}, times=None),
    lambda faults: faults.json("achievements", {"pad": "x" * LARGEST_ANSWER}, times=None),
    lambda faults: faults.json("achievements", {"_links": {}, "total_quantity": 0}, times=None),
    lambda faults: faults.json("achievements", {"_links": {}, "achievements": []}, times=None),
], ids=["empty", "204", "half", "cut", "page", "an object without fields", "no achievement", "huge", "no list", "none"])  # fmt: skip
async def test_a_broken_or_an_empty_answer_parts_nobody(
    guild: ComparingGuild, hidden: list[WorldCharacter], break_it: Callable[[Faults], None]
) -> None:
    await guild.compare()
    before = await guild.groups()
    await guild.age(OLD_ENOUGH)
    break_it(guild.simulator.faults)
    await guild.compare()
    assert await guild.groups() == before
    assert guild.simulator.calls["achievements"] >= 2 * len(hidden)


async def test_a_guild_whose_pets_are_all_refused_is_partial_when_achievements_are_away(guild: ComparingGuild) -> None:
    guild.refuse_pets(*guild.world.characters)
    guild.simulator.faults.status("achievements", 503, times=None)
    report = await run_blizzard_sync(guild.pool, guild_id=guild.guild_id, sources=guild.sources)
    assert (report.status, await guild.groups()) == ("partial", set())


@pytest.mark.parametrize("route", ["pets", "achievements"])
async def test_an_answer_that_hangs_changes_nothing_and_ends_with_its_time(
    guild: ComparingGuild, hidden: list[WorldCharacter], route: str
) -> None:
    await guild.compare()
    before = await guild.groups()
    await guild.age(OLD_ENOUGH)
    guild.simulator.faults.slow(route, 0.6, times=None)
    async with http_client(0.05, trust_env=False) as impatient:
        guild.http = impatient
        guild.source = guild.client()
        report = await guild.compare()
    assert report.counts["failed"] >= len(hidden)
    assert (await guild.groups(), report.is_partial) == (before, route == "pets")


async def test_rejected_credentials_change_nothing(guild: ComparingGuild, hidden: list[WorldCharacter]) -> None:
    await guild.compare()
    before = await guild.evidence()
    await guild.age(OLD_ENOUGH)
    guild.simulator.faults.status("achievements", 401, times=None)
    with pytest.raises(SourceDenied):
        await guild.compare()
    assert [(name, is_kept) for name, _, is_kept, _ in await guild.evidence()] == [
        (name, is_kept) for name, _, is_kept, _ in before
    ]
    assert hidden


async def test_pets_that_are_shown_again_replace_achievements_when_a_second_reading_says_so(
    guild: ComparingGuild, hidden: list[WorldCharacter]
) -> None:
    await guild.compare()
    for character in hidden:
        character.account = None
    guild.refuse_pets(*hidden, shown=True)
    await guild.age(OLD_ENOUGH)
    await guild.compare()
    kinds = await guild.kinds()
    assert [kinds[address_of(each)] for each in hidden] == ["achievements"] * len(hidden)
    await guild.age(DOUBTED_AFTER.days * A_DAY)
    guild.simulator.calls.clear()
    await guild.compare()
    assert (await guild.kinds())[address_of(hidden[0])] == "pets"
    assert guild.simulator.calls["achievements"] == 0
    assert await guild.groups() == guild.true_groups


async def test_achievements_that_are_not_read_again_for_28_days_are_erased(
    guild: ComparingGuild, hidden: list[WorldCharacter]
) -> None:
    await guild.compare()
    await guild.age(KEPT.days + 0.1)
    await erase_expired_profiles(guild.pool, guild_id=guild.guild_id)
    assert {*(await guild.kinds()).values()} == {None}
    assert hidden


async def test_a_profile_that_is_shown_no_longer_or_a_character_that_leaves_leaves_no_achievements(
    guild: ComparingGuild, hidden: list[WorldCharacter]
) -> None:
    await guild.compare()
    hidden[0].has_profile = False
    guild.world.leave(hidden[1])
    await guild.roster()
    await guild.refresh()
    kinds = await guild.kinds()
    assert kinds[address_of(hidden[0])] is None
    assert address_of(hidden[1]) not in kinds


async def test_neither_times_nor_numbers_of_achievements_or_pets_are_kept_logged_or_shown(
    guild: ComparingGuild, hidden: list[WorldCharacter]
) -> None:
    with structlog.testing.capture_logs() as log:
        report = await run_blizzard_sync(guild.pool, guild_id=guild.guild_id, sources=guild.sources)
        await guild.age(OLD_ENOUGH)
        guild.simulator.faults.truncated("achievements", times=None)
        guild.simulator.faults.truncated("pets", times=5)
        failed = await run_blizzard_sync(guild.pool, guild_id=guild.guild_id, sources=guild.sources)
    everywhere = f"{log} {report} {failed} {await guild.now()} {await guild.database()}"
    raw = {
        str(pet.id) for each in guild.world.characters for pet in guild.world.account_of(each).pets if pet.id > 10**6
    }
    for character in hidden:
        for moment in guild.world.account_of(character).achievements.values():
            raw |= {str(moment), str(moment // 1_000), str(moment // 60_000)}
    assert not raw.intersection(re.findall(r"\w+", everywhere))
    assert await guild.kinds() != {}


async def test_an_export_says_how_many_achievements_were_read_and_no_hash(
    guild: ComparingGuild, hidden: list[WorldCharacter]
) -> None:
    await guild.compare()
    ((number,),) = await guild.rows(
        "select id from guild_identity.wow_characters where blizzard_character_id = %(id)s",
        {"id": hidden[0].character_id},
    )
    async with guild.pool.reading(guild.guild_id) as here:
        (row,) = (await export_person(here, PersonRow("character", number))).sections["account_evidence"]
    assert (row["achievements"], row["pets"], row["doubted_achievements"]) == (len(OLD_ACHIEVEMENTS), None, None)
    assert "\\x" not in str(row)
