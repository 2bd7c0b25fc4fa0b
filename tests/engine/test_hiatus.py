"""Players who are away: an officer's word that quiets the rule about stale characters until a day, on real rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from guild_builder import GuildBuilder
from laws import snapshot
from laws.snapshot import PEOPLE_TABLES, differences
from sv_common.db.counting import counting_statements
from sv_common.guild_sync.core.errors import BadInput, NotFound, PattError, Refused
from sv_common.guild_sync.identity.decisions import (
    EndHiatus,
    LinkCharacter,
    ManualDecision,
    MergePlayers,
    NewPlayer,
    SetHiatus,
)
from sv_common.guild_sync.identity_engine import preview_decision
from sv_common.guild_sync.insights import issue, person
from sv_common.guild_sync.integrity_checker import detect_stale_character, run_integrity_check
from sv_common.guild_sync.mitigations import preview_undo


def _in(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


async def _stale(guild: GuildBuilder) -> list[str]:
    return [each.details["character"].partition("-")[0] for each in await guild.open_issues("stale_character")]


async def _hiatuses(guild: GuildBuilder) -> list[tuple[object, ...]]:
    return await guild.rows(
        "select p.display_name, h.until::text, h.reason, h.set_by from guild_identity.hiatuses h "
        "join guild_identity.players p on p.id = h.player_id order by 1"
    )


async def _player_with_sleepers(guild: GuildBuilder, name: str, *sleepers: str) -> int:
    player = await guild.player(name)
    for sleeper in sleepers:
        await guild.link(await guild.character(sleeper, last_login_days=40), player)
    return player


@pytest.mark.parametrize("until", [_in(1), _in(400), None])
async def test_no_character_of_a_player_on_hiatus_is_stale_and_the_others_are(
    guild: GuildBuilder, until: str | None
) -> None:
    await _player_with_sleepers(guild, "Mito", "Mito", "Grimalt")
    await _player_with_sleepers(guild, "Sol", "Sol")
    assert await _stale(guild) == ["Mito", "Grimalt", "Sol"]
    done = await guild.decide(SetHiatus("Mito", until, "a long trip"))
    assert await _hiatuses(guild) == [("Mito", until, "a long trip", "officer alice")]
    assert await _stale(guild) == ["Sol"]
    assert done.sentence.startswith("Done. Remember that Mito is away")
    assert done.sentence.endswith(": a long trip")
    await guild.undo(done)
    assert await _stale(guild) == ["Mito", "Grimalt", "Sol"]
    assert await _hiatuses(guild) == []


async def test_an_alt_that_is_linked_during_a_hiatus_is_quiet_until_it_is_unlinked(guild: GuildBuilder) -> None:
    await _player_with_sleepers(guild, "Mito", "Mito")
    await guild.decide(SetHiatus("Mito", None, "a long trip"))
    await guild.character("Altrek", "alt of Mito", last_login_days=90)
    assert await _stale(guild) == ["Altrek"]
    linked = await guild.decide(LinkCharacter("Altrek", "Mito"))
    assert await _stale(guild) == []
    await guild.undo(linked)
    assert await _stale(guild) == ["Altrek"]
    assert [each.outcome.value for each in (await guild.fix_all("orphan_wow")).results] == ["fixed"]
    assert await _stale(guild) == []


async def test_a_hiatus_ends_by_itself_on_its_day_and_what_it_quieted_is_open_again(guild: GuildBuilder) -> None:
    await _player_with_sleepers(guild, "Mito", "Mito")
    (found,) = await guild.open_issues("stale_character")
    await guild.decide(SetHiatus("Mito", _in(5)))
    assert await _stale(guild) == []
    async with guild.pool.connection() as conn:
        noon = datetime.now(UTC).replace(hour=12)
        assert await detect_stale_character(conn, now=noon + timedelta(days=4)) == []
        assert len(await detect_stale_character(conn, now=noon + timedelta(days=5))) == 1
    await guild.execute("update guild_identity.hiatuses set until = (now() at time zone 'UTC')::date")
    assert [each.id for each in await guild.open_issues("stale_character")] == [found.id]


@pytest.mark.parametrize(
    ("decision", "error", "says"),
    [
        (SetHiatus("Nobody"), NotFound, "No player is named “Nobody”"),
        (SetHiatus("Mito", "soon"), BadInput, "“soon” is no day. Write it as year, month and day: 20"),
        (SetHiatus("Mito", "2099-02-30"), BadInput, "is no day"),
        (SetHiatus("Mito", _in(0)), BadInput, "does not lie ahead. Give the day on which the player is back, or none."),
        (SetHiatus("Mito", "2001-01-01"), BadInput, "does not lie ahead"),
        (SetHiatus("Away", None, "a long trip"), Refused, "test said already that Away is away, with no return date."),
        (EndHiatus("Mito"), Refused, "Mito is not on hiatus."),
        (EndHiatus("Back"), Refused, "The hiatus of Back ended automatically on 20"),
    ],
)
async def test_what_cannot_be_said_of_a_hiatus_is_refused_in_a_sentence(
    guild: GuildBuilder, decision: ManualDecision, error: type[PattError], says: str
) -> None:
    for name in ("Mito", "Away", "Back"):
        await guild.main(name)
    await guild.hiatus("Away", None)
    await guild.hiatus("Back", -3)
    before = await snapshot.take(guild.pool)
    with pytest.raises(error, match=says):
        await guild.decide(decision)
    assert differences(before, await snapshot.take(guild.pool)) == {}


async def test_a_new_day_replaces_the_old_one_and_its_undo_brings_that_back(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.hiatus("Mito", 5, "exams")
    before = await snapshot.take(guild.pool, tables=PEOPLE_TABLES)
    done = await guild.decide(SetHiatus("Mito", _in(9), "more exams"))
    assert await _hiatuses(guild) == [("Mito", _in(9), "more exams", "officer alice")]
    assert [(each.what, each.before, each.after) for each in done.effects] == [
        ("Hiatus of Mito", f"away until {_in(5)}", f"away until {_in(9)}")
    ]
    await guild.undo(done)
    assert differences(before, await snapshot.take(guild.pool, tables=PEOPLE_TABLES)) == {}


async def test_the_end_of_a_hiatus_is_undone_exactly(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.hiatus("Mito", None, "exams")
    before = await snapshot.take(guild.pool, tables=PEOPLE_TABLES)
    done = await guild.decide(EndHiatus("Mito"))
    assert (await _hiatuses(guild), done.sentence) == ([], "Done. End the hiatus of Mito.")
    await guild.undo(done)
    assert differences(before, await snapshot.take(guild.pool, tables=PEOPLE_TABLES)) == {}


async def test_an_undo_that_would_take_a_later_hiatus_along_is_refused_by_name(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    first = await guild.decide(SetHiatus("Mito", _in(5)))
    later = await guild.decide(SetHiatus("Mito", _in(9)))
    assert first.attempt_id is not None
    ahead = await preview_undo(guild.pool, first.attempt_id, guild_id=guild.guild_id)
    assert [each.attempt_id for each in ahead.later] == [later.attempt_id]
    with pytest.raises(Refused, match=r"alice changed the hiatus of Mito on .* Undo that first"):
        await guild.undo(first)


async def test_a_player_that_is_away_since_does_not_go_with_the_undo_of_its_making(guild: GuildBuilder) -> None:
    await guild.character("Odo")
    made = await guild.decide(NewPlayer(["Odo"]))
    await guild.decide(SetHiatus("Odo", _in(5)))
    with pytest.raises(Refused, match=r"alice put Odo on hiatus until .* Undo that first"):
        await guild.undo(made)


async def test_a_plan_made_before_another_officer_spoke_is_refused(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    seen = await preview_decision(guild.pool, SetHiatus("Mito", _in(5)))
    await guild.decide(SetHiatus("Mito", _in(7)))
    with pytest.raises(Refused, match="has changed since the preview"):
        await guild.decide(SetHiatus("Mito", _in(5), plan_key=seen.plan_key))


@pytest.mark.parametrize(
    ("own", "theirs", "kept"),
    [("none", 5, 5), (5, "none", 5), (3, 5, 5), (5, 3, 5), (400, None, None), (None, 5, None), (-4, 5, 5), (3, 3, 3)],
)
async def test_a_merge_keeps_the_longer_hiatus_with_who_said_so_and_its_undo_brings_both_back(
    guild: GuildBuilder, own: int | str | None, theirs: int | str | None, kept: int | None
) -> None:
    for name, days in (("Mito", own), ("Zed", theirs)):
        await guild.player(name)
        if not isinstance(days, str):
            await guild.hiatus(name, days)
    before = await snapshot.take(guild.pool, tables=PEOPLE_TABLES)
    done = await guild.decide(MergePlayers("Mito", "Zed"))
    until = None if kept is None else _in(kept)
    assert await _hiatuses(guild) == [("Mito", until, "a long trip", "test")]
    await guild.undo(done)
    assert differences(before, await snapshot.take(guild.pool, tables=PEOPLE_TABLES)) == {}


async def test_who_is_away_until_when_and_why_is_told_where_the_player_is_looked_at(guild: GuildBuilder) -> None:
    player = await _player_with_sleepers(guild, "Mito", "Sleeper")
    (found,) = await guild.open_issues("stale_character")
    done = await guild.decide(SetHiatus("Mito", _in(5), "exams"))
    async with guild.pool.reading(guild.guild_id) as here:
        shown = await person.player_view(here, player)
        page = await person.character_page(here, shown.characters[0].id)
    assert shown.hiatus is not None
    assert (shown.hiatus.until, shown.hiatus.reason, shown.hiatus.set_by) == (_in(5), "exams", "officer alice")
    assert not shown.hiatus.is_over
    assert page.hiatus == shown.hiatus
    assert [each.id for each in shown.attempts] == [done.attempt_id]
    details = await issue.issue_details(guild.pool, found.id)
    assert details.explanation is not None
    told = [each.sentence for each in details.explanation.evidence]
    assert f"alice said that Mito is away until {_in(5)}: exams" in told


async def test_a_hundred_players_on_hiatus_cost_a_scan_no_more_statements(guild: GuildBuilder) -> None:
    counts = []
    for name, many in (("Few", 1), ("Many", 100)):
        for place in range(many):
            await _player_with_sleepers(guild, f"{name}{place}", f"{name}{place}")
            await guild.hiatus(f"{name}{place}", 5)
        with counting_statements() as counter:
            await run_integrity_check(guild.pool, guild_id=guild.guild_id)
        counts.append(counter.statements)
    assert counts[0] == counts[1]
    assert await _stale(guild) == []
