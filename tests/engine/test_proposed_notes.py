"""Which guild notes are proposed: by proof and officers' decisions, in the guild's own form."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync.insights.proposed_notes.proposals import Proposal, Why
from sv_common.guild_sync.insights.proposed_notes.read import proposals, proposed_notes, review_notes
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.roster import realms
from sv_common.guild_sync.sources.models import Realm

OFFICERS = "manual"


async def _proposed(guild: GuildBuilder) -> dict[str, str]:
    return {each.character.name: each.proposed for each in (await guild.call(proposals)).proposed}


async def _one(guild: GuildBuilder) -> Proposal:
    (proposal,) = (await guild.call(proposals)).proposed
    return proposal


async def _left_alone(guild: GuildBuilder) -> dict[str, str]:
    return {each.character: each.reason for each in (await guild.call(review_notes)).not_proposed}


async def _sure_main(guild: GuildBuilder, name: str, note: str | None = None, realm: str = "area-52") -> int:
    """Add a player whose main is an officer's word."""
    player = await guild.player(f"{name} the player")
    await guild.link(await guild.character(name, note, realm=realm), player, source=OFFICERS, as_main=True)
    return player


async def _alts(guild: GuildBuilder, form: str, count: int = 3) -> None:
    """Let a guild have so many alts whose notes have a form."""
    elrek = await _sure_main(guild, "Elrek")
    for number in range(count):
        await guild.alt(f"Rivermane{'abcdefgh'[number]}", form.format("Elrek"), elrek, source=OFFICERS)


async def _prove(guild: GuildBuilder) -> None:
    await guild.execute(
        "update guild_identity.player_characters set basis = 'proven', confirmed_by = null, confirmed_at = null "
        "where guild_id = %(guild)s"
    )


async def test_the_empty_note_of_an_alt_gets_the_name_of_its_main(guild: GuildBuilder) -> None:
    mito = await _sure_main(guild, "Mito")
    await guild.alt("Newalt", "", mito, source=OFFICERS)
    proposal = await _one(guild)
    assert (proposal.proposed, proposal.why) == ("alt of Mito", Why.EMPTY)
    assert proposal.reason == "The note is empty. An officer has confirmed that its owner also plays Mito-area-52."


async def test_proof_is_named_where_both_ends_are_proven(guild: GuildBuilder) -> None:
    mito = await _sure_main(guild, "Mito")
    await guild.alt("Newalt", "", mito)
    await _prove(guild)
    assert "A Battle.net sign-in proves that its owner also plays Mito" in (await _one(guild)).reason


async def test_a_note_that_was_never_seen_gets_none(guild: GuildBuilder) -> None:
    mito = await _sure_main(guild, "Mito")
    await guild.alt("Newalt", None, mito, source=OFFICERS)
    assert await _proposed(guild) == {}


@pytest.mark.parametrize("basis", ["account", "note", "name"])
async def test_a_link_that_is_neither_proven_nor_an_officers_word_gives_no_note(
    guild: GuildBuilder, basis: str
) -> None:
    mito = await _sure_main(guild, "Mito")
    alt = await guild.alt("Newalt", "", mito)
    await guild.execute(
        "update guild_identity.player_characters set basis = %(basis)s where character_id = %(alt)s",
        {"basis": basis, "alt": alt},
    )
    assert await _proposed(guild) == {}
    assert await _left_alone(guild) == {}


async def test_a_main_that_rests_on_its_account_alone_is_named_in_no_note(guild: GuildBuilder) -> None:
    player = await guild.player("Mito")
    await guild.link(await guild.character("Mito"), player, as_main=True)
    await guild.execute("update guild_identity.player_characters set basis = 'account'")
    await guild.alt("Newalt", "", player, source=OFFICERS)
    assert await _proposed(guild) == {}
    assert "Confirm that link first" in (await _left_alone(guild))["Newalt-area-52"]


@pytest.mark.parametrize("has_left", [True, False])
async def test_without_a_main_in_the_guild_it_is_said_why_there_is_no_note(
    guild: GuildBuilder, *, has_left: bool
) -> None:
    player = await guild.player("Mito")
    if has_left:
        await guild.link(await guild.character("Mito", has_left=True), player, source=OFFICERS, as_main=True)
    await guild.alt("Newalt", "", player, source=OFFICERS)
    assert await _proposed(guild) == {}
    assert ("not in the guild" if has_left else "no main") in (await _left_alone(guild))["Newalt-area-52"]


async def test_a_note_that_names_someone_else_is_replaced_and_what_stands_beside_the_name_is_kept(
    guild: GuildBuilder,
) -> None:
    mito = await _sure_main(guild, "Mito")
    await _sure_main(guild, "Brakk")
    await guild.alt("Newalt", "Brakk's alt - tank 225", mito, source=OFFICERS)
    proposal = await _one(guild)
    assert (proposal.proposed, proposal.lost) == ("alt of Mito, tank 225", "")
    assert "says “Brakk”, and that is someone else" in proposal.reason


async def test_a_name_that_nobody_has_is_replaced(guild: GuildBuilder) -> None:
    mito = await _sure_main(guild, "Mito")
    await guild.alt("Newalt", "alt of Qwibble (bank)", mito, source=OFFICERS)
    proposal = await _one(guild)
    assert (proposal.why, proposal.proposed) == (Why.NAMES_NOBODY, "alt of Mito (bank)")


async def test_what_does_not_fit_beside_the_name_is_said_to_be_lost(guild: GuildBuilder) -> None:
    mito = await _sure_main(guild, "Mitobrightmane")
    await guild.alt("Newalt", "alt of Qwibble - Alch 300 Herb 300", mito, source=OFFICERS)
    proposal = await _one(guild)
    assert (proposal.proposed, proposal.lost) == ("alt of Mitobrightmane", "Alch 300 Herb 300")


@pytest.mark.parametrize(
    ("note", "proposed"),
    [
        ("Alt", "alt of Mito"),
        ("<A>", "alt of Mito"),
        ("alt, Alch 300", "alt of Mito, Alch 300"),
        ("Holy", "alt of Mito, Holy"),
        ("A 300 H 300", "alt of Mito, A 300 H 300"),
    ],
)
async def test_a_note_that_says_alt_and_not_whose_gets_the_name(guild: GuildBuilder, note: str, proposed: str) -> None:
    mito = await _sure_main(guild, "Mito")
    await guild.alt("Newalt", note, mito, source=OFFICERS)
    assert await _proposed(guild) == {"Newalt": proposed}


async def test_a_note_about_a_profession_gets_the_name_only_where_all_of_it_can_stay(guild: GuildBuilder) -> None:
    mito = await _sure_main(guild, "Mitobrightmane")
    await guild.alt("Newalt", "Alch 300", mito, source=OFFICERS)
    await guild.alt("Oldalt", "Alch 300 / Herbs 300 / Tailor", mito, source=OFFICERS)
    assert await _proposed(guild) == {"Newalt": "alt of Mitobrightmane, Alch 300"}
    assert "31 letters" in (await _left_alone(guild))["Oldalt-area-52"]


@pytest.mark.parametrize(
    "note", ["Mito", "mito's alt", "alt of Mito", "2018-03-12", "DKP:50", "^", "Bank", "?", "knows Mitto", "Main"]
)
async def test_a_note_that_contradicts_nothing_is_left_as_it_is(guild: GuildBuilder, note: str) -> None:
    mito = await _sure_main(guild, "Mito")
    await guild.alt("Newalt", note, mito, source=OFFICERS)
    assert await _proposed(guild) == {}


async def test_what_an_officer_has_dismissed_is_left_as_it_is(guild: GuildBuilder) -> None:
    mito = await _sure_main(guild, "Mito")
    await _sure_main(guild, "Brakk")
    await guild.alt("Newalt", "Brakk", mito, source=OFFICERS)
    issue = await guild.open_issue("note_mismatch")
    assert await _proposed(guild) == {"Newalt": "alt of Mito"}
    await guild.call(lifecycle.dismiss, issue.id, actor="officer alice", reason="they share it")
    assert await _proposed(guild) == {}


async def test_a_bank_or_shared_character_gets_none(guild: GuildBuilder) -> None:
    mito = await _sure_main(guild, "Mito")
    alt = await guild.alt("Newalt", "", mito, source=OFFICERS)
    await guild.execute(
        "insert into guild_identity.shared_characters (guild_id, character_id, marked_by, reason) "
        "values (%(guild)s, %(alt)s, 'x', 'bank')",
        {"alt": alt},
    )
    assert await _proposed(guild) == {}


@pytest.mark.parametrize(
    ("form", "proposed"),
    [
        ("{}", "Mito"),
        ("{}'s alt", "Mito's alt"),
        ("Alt: {}", "Alt: Mito"),
        ("ALT-{}", "ALT-Mito"),
        ("Twink von {}", "Twink von Mito"),
        ("{}s Twink", "Mitos Twink"),
        ("Main: {}", "Main: Mito"),
        ("[MAIN:{}]", "[MAIN:Mito]"),
        ("reroll de {}", "reroll de Mito"),
        ("твинк {}", "твинк Mito"),
    ],
)
async def test_the_form_is_the_one_that_most_notes_of_the_guild_have(
    guild: GuildBuilder, form: str, proposed: str
) -> None:
    mito = await _sure_main(guild, "Mito")
    await guild.alt("Newalt", "", mito, source=OFFICERS)
    await guild.alt("Oldalt", "alt of Mito", mito, source=OFFICERS)
    await _alts(guild, form)
    assert await _proposed(guild) == {"Newalt": proposed}


async def test_two_notes_are_no_habit(guild: GuildBuilder) -> None:
    mito = await _sure_main(guild, "Mito")
    await guild.alt("Newalt", "", mito, source=OFFICERS)
    await _alts(guild, "Alt: {}", count=2)
    assert await _proposed(guild) == {"Newalt": "alt of Mito"}


async def test_words_that_are_no_form_are_never_copied_into_the_notes_of_others(guild: GuildBuilder) -> None:
    mito = await _sure_main(guild, "Mito")
    await guild.alt("Newalt", "", mito, source=OFFICERS)
    await _alts(guild, "{} - tank")
    assert await _proposed(guild) == {"Newalt": "alt of Mito"}


async def test_a_german_guild_without_a_habit_gets_german_notes(guild: GuildBuilder) -> None:
    mito = await _sure_main(guild, "Mito")
    await guild.alt("Newalt", "", mito, source=OFFICERS)
    await guild.execute("update guild_identity.guilds set language = 'de'")
    assert await _proposed(guild) == {"Newalt": "Twink von Mito"}


async def test_a_name_that_two_realms_have_gets_its_realm(guild: GuildBuilder) -> None:
    mito = await _sure_main(guild, "Mito")
    await _sure_main(guild, "Mito", realm="stormrage")
    await guild.alt("Newalt", "", mito, source=OFFICERS)
    assert await _proposed(guild) == {"Newalt": "alt of Mito-area52"}


async def test_a_name_for_which_no_note_would_be_read_as_meant_gets_none(guild: GuildBuilder) -> None:
    mito = await _sure_main(guild, "Mito")
    await guild.alias(await _sure_main(guild, "Brakk"), "Mito")
    await guild.alt("Newalt", "", mito, source=OFFICERS)
    assert await _proposed(guild) == {}
    assert "31 letters" in (await _left_alone(guild))["Newalt-area-52"]


async def test_a_long_name_still_fits_into_31_letters(guild: GuildBuilder) -> None:
    await _alts(guild, "Alternate of {}")
    mito = await _sure_main(guild, "Mitobrightmane" + "mit" * 3)
    await guild.alt("Newalt", "", mito, source=OFFICERS)
    (text,) = (await _proposed(guild)).values()
    assert text.endswith("Mitobrightmanemitmitmit")
    assert len(text) <= 31


async def test_letters_are_counted_and_not_bytes(guild: GuildBuilder) -> None:
    mito = await _sure_main(guild, "Незнайкаград")
    await guild.alt("Newalt", "", mito, source=OFFICERS)
    assert await _proposed(guild) == {"Newalt": "alt of Незнайкаград"}


async def test_mains_get_no_note_where_most_mains_have_none(guild: GuildBuilder) -> None:
    for name in ("Mito", "Elrek", "Brakk"):
        await _sure_main(guild, name, "")
    await _sure_main(guild, "Zork", "Main")
    assert await _proposed(guild) == {}


async def test_mains_get_the_guilds_form_for_mains(guild: GuildBuilder) -> None:
    for name in ("Mito", "Elrek", "Brakk"):
        await _sure_main(guild, name, "<M>")
    await _sure_main(guild, "Zork", "")
    proposal = await _one(guild)
    assert (proposal.character.name, proposal.proposed) == ("Zork", "<M>")


async def test_a_main_whose_note_names_someone_else_is_marked_as_a_main(guild: GuildBuilder) -> None:
    await _sure_main(guild, "Brakk", "")
    await _sure_main(guild, "Mito", "alt of Brakk")
    assert await _proposed(guild) == {"Mito": "Main"}


async def test_every_proposed_note_is_read_as_its_player_and_ends_the_mismatch(guild: GuildBuilder) -> None:
    mito = await _sure_main(guild, "Mito")
    await _sure_main(guild, "Brakk")
    alt = await guild.alt("Newalt", "Brakk", mito, source=OFFICERS)
    assert len(await guild.open_issues("note_mismatch")) == 1
    await guild.set_note(alt, (await _one(guild)).proposed)
    assert await guild.open_issues("note_mismatch") == []
    assert await _proposed(guild) == {}


async def test_the_addon_is_told_the_guild_and_every_name_of_each_realm(guild: GuildBuilder) -> None:
    mito = await _sure_main(guild, "Mito")
    await guild.alt("Newalt", "", mito, source=OFFICERS)
    async with guild.pool.connection() as conn:
        await realms.write(conn, "us", [Realm(3676, "area-52", ("Area 52", "Зона 52"))])
    told = await guild.call(proposed_notes)
    assert (told.guild, told.region, told.realms) == ("Lantern Watch", 1, ["Area 52", "Зона 52"])
    (note,) = told.notes
    assert (note.name, note.realms, note.note, note.proposed) == ("Newalt", ["Area 52", "Зона 52"], "", "alt of Mito")


async def test_nothing_that_is_told_the_addon_comes_from_discord_or_an_account(guild: GuildBuilder) -> None:
    member = await guild.member("Quillfeather")
    player = await guild.player("Quillfeather", member=member, is_confirmed=True)
    await guild.link(await guild.character("Mito"), player, source=OFFICERS, as_main=True)
    other = await guild.player("Snowquill", member=await guild.member("Snowquill"), is_confirmed=True)
    await guild.link(await guild.character("Brakk"), other, source=OFFICERS, as_main=True)
    await guild.alt("Newalt", "Brakk", player, source=OFFICERS)
    await guild.execute("update guild_identity.player_characters set confirmed_by = 'officer @secretname'")
    told = str(asdict(await guild.call(proposed_notes)))
    assert "Newalt" in told
    for hidden in ("quill", "Quill", "secretname"):
        assert hidden not in told
