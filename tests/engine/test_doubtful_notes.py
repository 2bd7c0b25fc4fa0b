"""Notes from which nothing may follow by itself: other people, past names, words that are names, doubtful strangers."""

from __future__ import annotations

import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync.identity_engine import preview_matching, run_matching
from sv_common.guild_sync.mitigations import preview_one


async def _alts(guild: GuildBuilder, player: int, *notes: str) -> list[int]:
    """A character of a player for each of the notes."""
    return [await guild.alt(f"Alt{chr(97 + number)}", note, player) for number, note in enumerate(notes)]


async def test_a_note_about_others_or_a_state_is_no_finding(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    await guild.character("Asleep", realm="stormrage")
    await _alts(
        guild,
        elrek,
        "Mito's recruit",
        "Mitos Frau",
        "guest of Mito",
        "PI: Mito",
        "duo Mito",
        "not Mito's alt",
        "alt, aber nicht von Mito",
        "formerly Mito",
        "Zork (ex Elrek)",
        "irl Zork",
        "Mito's zug",
        "Maternity",
        "Hacked",
        "Elternzeit",
        "Mito-Stormrage",
    )
    assert [issue.summary for issue in await guild.open_issues("note_mismatch")] == []


async def test_a_word_that_is_a_name_too_is_found_and_moves_nobody(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    for name in ("Mito", "Trog", "Holy", "Monday", "Moon"):
        await guild.main(name)
    alts = await _alts(guild, elrek, "Holy", "Monday", "both Mito + Trog", "Trog/Moon", "Mito (ex Trog)")
    issues = await guild.open_issues("note_mismatch")
    await guild.automate()
    assert [issue.details["verdict"] for issue in issues] == ["ambiguous"] * len(alts)
    assert {await guild.player_of(alt) for alt in alts} == {elrek}


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        ("zork", "It is not written like a name"),
        ("Zork - Alch 225", "It may be an ordinary word"),
        ("Brightman", "It looks like Brightmane, spelled differently"),
    ],
)
async def test_a_stranger_without_the_form_of_a_name_waits_for_an_officer(
    guild: GuildBuilder, note: str, reason: str
) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Brightmane")
    character = await guild.alt("Rivermane", note, elrek)
    issue = await guild.open_issue("note_mismatch")
    plan = (await preview_one(guild.pool, issue.id)).ready[0].plan
    assert reason in (plan.waits_for_officer or "")
    await guild.automate()
    assert await guild.player_of(character) == elrek


async def test_a_stranger_in_the_form_of_a_name_unlinks(guild: GuildBuilder) -> None:
    alts = await _alts(guild, await guild.main("Elrek"), "Zork", "alt of Zork", "Zork's alt", "Main: Zork", "«Zork»!")
    await guild.automate()
    assert {await guild.player_of(alt) for alt in alts} == {None}


async def test_a_guild_that_writes_names_small_is_read_as_it_writes(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    for name in ("Brightmane", "Darkmane", "Greymane"):
        await guild.alt(name, "elrek", elrek)
    character = await guild.alt("Rivermane", "zork", elrek)
    await guild.automate()
    assert await guild.player_of(character) is None


async def test_one_slip_in_a_short_name_or_another_case_of_it_waits(guild: GuildBuilder) -> None:
    owners = {}
    slips = {"Mito": "Mtio", "Trog": "Trig", "Вова": "Вовин", "Лёша": "твинк Леши", "Kasia": "alt Kasi", "Kuba": "Kuby"}
    for number, (name, note) in enumerate(slips.items()):
        player = await guild.main(name)
        owners[await guild.alt(f"Alt{chr(97 + number)}", note, player)] = player
    for issue in await guild.open_issues("note_mismatch"):
        assert issue.details["resembles"] is not None
    await guild.automate()
    assert {character: await guild.player_of(character) for character in owners} == owners


async def test_a_stranger_who_takes_a_known_players_name_on_discord_makes_it_ambiguous(guild: GuildBuilder) -> None:
    robin = await guild.player("Robin", member=await guild.member("Mito [GM]", roles=["101"]))
    elrek = await guild.main("Elrek")
    await guild.link(await guild.character("Brightmane"), robin, as_main=True)
    character = await guild.alt("Rivermane", "Mito", elrek)
    await guild.member("Mito")
    issue = await guild.open_issue("note_mismatch")
    assert issue.details["verdict"] == "ambiguous"
    await guild.automate()
    assert await guild.player_of(character) == elrek


async def test_two_characters_that_name_each_other_and_bear_discord_names_are_left_alone(guild: GuildBuilder) -> None:
    await guild.character("Elrek", "Mito")
    await guild.character("Mito", "Elrek")
    await guild.member("Elrek")
    await guild.member("Mito")
    report = await preview_matching(guild.pool)
    assert report.plan.rows == ()


@pytest.mark.parametrize(
    "notes", [("Kipper", "Kipper's alt"), ("Kipper raider", "Kipper tank"), ("alt of Kipper", "Kipper")]
)
async def test_a_nickname_needs_two_characters_whose_note_is_it(guild: GuildBuilder, notes: tuple[str, str]) -> None:
    for name, note in zip(("Brightmane", "Darkmane"), notes, strict=True):
        await guild.character(name, note)
    assert (await preview_matching(guild.pool)).counts["players_created"] == 0


async def test_a_status_on_two_characters_is_no_nickname(guild: GuildBuilder) -> None:
    for note in ("Probie", "Founder", "Retired", "Prøvetid", "Freundin", "Recruit", "Elternzeit"):
        for name in ("Brightmane", "Darkmane"):
            await guild.character(f"{name}{note.lower()}", note)
    assert (await preview_matching(guild.pool)).counts["players_created"] == 0


@pytest.mark.parametrize("joke", ["Girlscout", "Quackmaster"])
async def test_a_joke_on_a_main_is_not_what_its_player_is_called(guild: GuildBuilder, joke: str) -> None:
    await guild.character("Brightmane", joke)
    await guild.character("Darkmane", "Brightmane")
    await guild.character("Greymane", "alt of Brightmane")
    await run_matching(guild.pool, actor="alice")
    assert await guild.rows("select display_name from guild_identity.players") == [("Brightmane",)]
    assert await guild.rows("select alias from guild_identity.player_note_aliases") == []


async def test_an_alias_that_a_match_learned_goes_when_no_note_of_its_player_bears_it(guild: GuildBuilder) -> None:
    first, second = await guild.character("Brightmane", "Kipper"), await guild.character("Darkmane", "Kipper")
    await run_matching(guild.pool, actor="alice")
    other = await guild.character("Greymane", "Kipper")
    report = await preview_matching(guild.pool)
    assert [group.characters for group in report.groups] == [("Greymane-area-52",)]
    await guild.execute("update guild_identity.players set display_name = 'Robin'")
    await guild.set_note(first, "Main")
    await guild.set_note(second, "alt of Brightmane")
    assert (await preview_matching(guild.pool)).groups == []
    await guild.character("Palemane", "Kipper")
    await run_matching(guild.pool, actor="alice")
    (owner,) = await guild.rows(
        "select p.display_name from guild_identity.aliases_in_use a join guild_identity.players p on p.id = a.player_id"
    )
    assert owner == ("Kipper",)
    assert await guild.player_of(other) is not None


async def test_an_alias_that_a_person_gave_stays_without_any_note(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    await guild.alias(mito, "Kipper")
    await guild.character("Greymane", "Kipper")
    report = await preview_matching(guild.pool)
    assert [group.name for group in report.groups] == ["Mito"]
