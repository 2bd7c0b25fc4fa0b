"""A player who is not known yet, by an officer's word, on real rows."""

from __future__ import annotations

import pytest

from guild_builder import OFFICER, RAIDER, GuildBuilder
from laws import snapshot
from laws.snapshot import PEOPLE_TABLES, differences
from sv_common.db.counting import counting_statements
from sv_common.guild_sync.core.errors import BadInput, NotFound, PattError, PlanStale, Refused
from sv_common.guild_sync.identity.decisions import MarkShared, NewPlayer, RejectLink
from sv_common.guild_sync.identity_engine import preview_decision


async def _players(guild: GuildBuilder) -> list[tuple[object, ...]]:
    """Name, main, Discord member and number of characters of each player."""
    return await guild.rows(
        "select p.display_name, c.character_name, d.display_name, "
        "(select count(*) from guild_identity.player_characters l where l.player_id = p.id) "
        "from guild_identity.players p left join guild_identity.wow_characters c on c.id = p.main_character_id "
        "left join guild_identity.discord_users d on d.id = p.discord_user_id order by p.id"
    )


async def test_characters_whose_notes_give_an_unknown_name_become_one_new_player_of_that_name(
    guild: GuildBuilder,
) -> None:
    for name, rank in (("Velquin", RAIDER), ("Brakka", OFFICER), ("Sornel", RAIDER)):
        await guild.character(name, "Odo", rank=rank)
    await guild.scan()
    done = await guild.decide(NewPlayer(["Velquin", "Brakka", "Sornel", "Velquin"]))
    assert await _players(guild) == [("Odo", "Brakka", None, 3)]
    assert await guild.open_issues("orphan_wow") == []
    links = await guild.rows("select distinct link_source, basis, confirmed_by from guild_identity.player_characters")
    assert links == [("manual", "officer", "officer alice")]
    assert "Create the player Odo, main Brakka-area-52." in done.sentences


async def test_later_notes_that_name_the_new_player_mean_it(guild: GuildBuilder) -> None:
    await guild.character("Velquin", "Odo")
    await guild.decide(NewPlayer(["Velquin"]))
    later = await guild.character("Twink", "alt of Odo")
    await guild.scan()
    await guild.automate()
    await guild.fix_all("orphan_wow")
    assert await guild.player_of(later) == (await guild.rows("select id from guild_identity.players"))[0][0]


async def test_with_another_name_the_word_of_the_note_is_remembered_if_the_officer_says_so(guild: GuildBuilder) -> None:
    await guild.character("Velquin", "Odo")
    await guild.decide(NewPlayer(["Velquin"], name="Theodor", remember_note=True))
    later = await guild.character("Twink", "alt of Odo")
    await guild.scan()
    await guild.fix_all("orphan_wow")
    assert await guild.player_of(later) is not None
    assert await _players(guild) == [("Theodor", "Velquin", None, 2)]


@pytest.mark.parametrize(
    ("note", "called"),
    [(None, "Velquin"), ("", "Velquin"), ("Alch 300", "Velquin"), ("odo", "Odo"), ("Mito", "Velquin")],
)
async def test_without_a_name_it_is_the_notes_own_and_else_the_characters(
    guild: GuildBuilder, note: str | None, called: str
) -> None:
    await guild.main("Mito")
    await guild.character("Velquin", note)
    await guild.decide(NewPlayer(["Velquin"]))
    assert (await _players(guild))[-1] == (called, "Velquin", None, 1)


async def test_a_bank_is_not_the_main_while_there_is_another_character(guild: GuildBuilder) -> None:
    await guild.character("Vault", "bank", rank=OFFICER)
    await guild.character("Velquin", rank=RAIDER)
    await guild.decide(NewPlayer(["Vault", "Velquin"], name="Odo"))
    assert await _players(guild) == [("Odo", "Velquin", None, 2)]


async def test_the_new_player_can_be_a_discord_member_at_once(guild: GuildBuilder) -> None:
    await guild.character("Velquin", "Odo")
    await guild.member("Odo")
    await guild.decide(NewPlayer(["Velquin"], member="odo"))
    assert await _players(guild) == [("Odo", "Velquin", "Odo", 1)]
    assert await guild.rows("select discord_basis, discord_confirmed_by from guild_identity.players") == [
        ("officer", "officer alice")
    ]


@pytest.mark.parametrize(
    ("decision", "error", "says"),
    [
        (NewPlayer(["Nobodyhere"]), NotFound, "No character is named “Nobodyhere”"),
        (NewPlayer(["Velquin", "Mito"]), Refused, "Mito-area-52 belongs to Mito. Unlink it first."),
        (NewPlayer(["Velquin"], name="mito"), Refused, "A player named Mito already exists."),
        (NewPlayer(["Velquin"], name="Robin"), Refused, "“Robin” is already an alias of Mito."),
        (NewPlayer(["Velquin"], name="Zephyr"), Refused, "add this Discord member"),
        (NewPlayer(["Velquin"], member="sol"), Refused, "Sol on Discord already belongs to the player Mito."),
        (NewPlayer(["Velquin"], member="gone"), Refused, "Gone has left the Discord server"),
        (NewPlayer(["Velquin", "Brakka"]), Refused, "The notes give several names: “Odo” and “Bruno”."),
        (NewPlayer(["Velquin", "Vault"]), Refused, "Vault-area-52 was marked as a bank or shared character"),
        (NewPlayer(["Velquin"], name="#12"), BadInput, "not # with a number"),
        (NewPlayer(["Velquin"], name="O\ndo"), BadInput, "one line"),
    ],
)
async def test_what_cannot_be_a_new_player_is_refused_in_a_sentence_and_changes_nothing(
    guild: GuildBuilder, decision: NewPlayer, error: type[PattError], says: str
) -> None:
    mito = await guild.player("Mito", member=await guild.member("Sol"))
    await guild.link(await guild.character("Mito"), mito, as_main=True)
    await guild.alias(mito, "Robin")
    await guild.member("Zephyr")
    await guild.player("Gone", member=await guild.member("Gone", is_present=False))
    await guild.character("Velquin", "Odo")
    await guild.character("Brakka", "Bruno")
    await guild.character("Vault")
    await guild.decide(MarkShared("Vault"))
    before = await snapshot.take(guild.pool)
    with pytest.raises(error, match=says):
        await preview_decision(guild.pool, decision)
    with pytest.raises(error, match=says):
        await guild.decide(decision)
    assert differences(before, await snapshot.take(guild.pool)) == {}


async def test_the_preview_is_what_is_done_and_another_name_is_another_plan(guild: GuildBuilder) -> None:
    character = await guild.character("Velquin", "Odo")
    seen = await preview_decision(guild.pool, NewPlayer(["Velquin"]))
    assert [(each.what, each.after) for each in seen.effects][:2] == [
        ("The player Odo", "exists"),
        ("Main of Odo", "Velquin-area-52"),
    ]
    await guild.set_note(character, "Bruno")
    with pytest.raises(PlanStale):
        await guild.decide(NewPlayer(["Velquin"], plan_key=seen.plan_key))
    await guild.set_note(character, "Odo")
    assert (await guild.decide(NewPlayer(["Velquin"], plan_key=seen.plan_key))).plan == seen.plan


async def test_the_undo_of_a_new_player_is_exact(guild: GuildBuilder) -> None:
    await guild.member("Odo")
    await guild.character("Velquin", "Odo")
    await guild.character("Brakka", "Odo")
    before = await snapshot.take(guild.pool, tables=PEOPLE_TABLES)
    done = await guild.decide(NewPlayer(["Velquin", "Brakka"], name="Theo", remember_note=True))
    await guild.undo(done)
    assert differences(before, await snapshot.take(guild.pool, tables=PEOPLE_TABLES)) == {}


async def test_an_officers_no_about_another_player_does_not_name_the_new_one(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.character("Velquin", "Mito")
    await guild.decide(RejectLink("Velquin", "Mito"))
    await guild.decide(NewPlayer(["Velquin"]))
    assert (await _players(guild))[-1] == ("Velquin", "Velquin", None, 1)


async def test_a_hundred_characters_cost_as_many_statements_as_one(guild: GuildBuilder) -> None:
    counts = []
    await guild.scan()  # rows that are kept in memory are read in full once
    for name, many in (("Few", 1), ("Many", 100)):
        characters = [f"#{await guild.character(f'{name}{place}')}" for place in range(many)]
        with counting_statements() as counter:
            await guild.decide(NewPlayer(characters, name=name))
        counts.append(counter.statements)
    assert counts[0] == counts[1]
