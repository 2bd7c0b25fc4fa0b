"""What an answer settles besides its question: said before it, done with it, undone with it; and the order of the list."""

from __future__ import annotations

from engine.test_inbox_list import shown
from engine.test_inbox_question import ALICE, BOB, asked
from guild_builder import OFFICER, GuildBuilder
from sv_common.guild_sync.core.undo_offer import read_ranges
from sv_common.guild_sync.identity.decisions import Decision, LinkCharacter
from sv_common.guild_sync.inbox import commands
from sv_common.guild_sync.insights.inbox.model import Answered, Entry, Group, Question
from sv_common.guild_sync.issues.history import Seen
from sv_common.guild_sync.mitigations import undo_together

VELQUIN = "Whose is Velquin?"


async def send(guild: GuildBuilder, found: Question, decision: Decision, *, with_along: bool = True) -> Answered:
    along = found.entry.along if with_along else ()
    seen = Seen.read(found.seen)
    return await commands.answer(guild.pool, found.key, decision, actor=ALICE, seen=seen, along=along)


async def owners(guild: GuildBuilder) -> dict[str, str | None]:
    rows = await guild.rows(
        "select c.character_name, p.display_name from guild_identity.wow_characters c "
        "left join guild_identity.player_characters l on l.character_id = c.id "
        "left join guild_identity.players p on p.id = l.player_id order by 1"
    )
    return dict(rows)


async def velquin_and_two_who_name_her(guild: GuildBuilder) -> Question:
    """Velquin says nothing; two notes name Velquin, and one of them belongs to a rank that gives a right."""
    await guild.main("Grimaldo")
    await guild.character("Velquin", "")
    await guild.character("Altrek", "alt of Velquin")
    await guild.character("Banktrek", "alt of Velquin")
    return await asked(guild, VELQUIN)


async def test_the_question_says_what_its_answer_also_links_and_the_answer_does_it(guild: GuildBuilder) -> None:
    found = await velquin_and_two_who_name_her(guild)
    assert (found.entry.settles, len(found.entry.along)) == (3, 2)
    assert found.entry.hint == "no note · settles 3 characters"
    assert found.also == (
        "Your answer also links Altrek-area-52 and Banktrek-area-52, where their notes then name the same player."
    )
    done = await send(guild, found, LinkCharacter(character="Velquin", player="Grimaldo"))
    assert done.sentence == "Velquin-area-52 belongs to Grimaldo. It also links Altrek-area-52 and Banktrek-area-52."
    assert sorted(done.also) == sorted(found.entry.along)
    assert {(await owners(guild))[name] for name in ("Velquin", "Altrek", "Banktrek")} == {"Grimaldo"}
    rows = await guild.rows(
        "select c.character_name, l.basis from guild_identity.player_characters l "
        "join guild_identity.wow_characters c on c.id = l.character_id where c.character_name <> 'Grimaldo' order by 1"
    )
    assert rows == [("Altrek", "note"), ("Banktrek", "note"), ("Velquin", "officer")]


async def test_undo_takes_back_the_answer_with_all_that_it_settled(guild: GuildBuilder) -> None:
    found = await velquin_and_two_who_name_her(guild)
    done = await send(guild, found, LinkCharacter(character="Velquin", player="Grimaldo"))
    assert done.undo is not None
    await undo_together(guild.pool, read_ranges(done.undo.fields["attempts"]), actor=BOB, guild_id=guild.guild_id)
    assert await owners(guild) == {"Grimaldo": "Grimaldo", "Velquin": None, "Altrek": None, "Banktrek": None}


async def test_an_answer_settles_nothing_that_was_not_shown(guild: GuildBuilder) -> None:
    found = await velquin_and_two_who_name_her(guild)
    done = await send(guild, found, LinkCharacter(character="Velquin", player="Grimaldo"), with_along=False)
    assert list(done.also) == []
    assert (await owners(guild))["Altrek"] is None


async def test_what_gives_a_right_or_says_something_else_by_now_waits_for_its_own_click(guild: GuildBuilder) -> None:
    await guild.main("Grimaldo")
    await guild.character("Velquin", "")
    await guild.character("Altrek", "alt of Velquin", rank=OFFICER)
    banktrek = await guild.character("Banktrek", "alt of Velquin")
    await guild.character("Colbek", "alt of Velquin")
    found = await asked(guild, VELQUIN)
    await guild.set_note(banktrek, "Alch 300")
    done = await send(guild, found, LinkCharacter(character="Velquin", player="Grimaldo"))
    assert len(done.also) == 1
    settled = await owners(guild)
    assert (settled["Altrek"], settled["Banktrek"], settled["Colbek"]) == (None, None, "Grimaldo")


async def test_a_remembered_name_settles_the_others_that_give_it(guild: GuildBuilder) -> None:
    await guild.main("Grimaldo")
    await guild.character("Velquin", "alt of Odo")
    await guild.character("Altrek", "alt of Odo (raids)")
    found = await asked(guild, VELQUIN)
    assert found.entry.settles == 2
    answer = LinkCharacter(character="Velquin", player="Grimaldo", remember_note=True)
    done = await send(guild, found, answer)
    assert len(done.also) == 1
    assert (await owners(guild))["Altrek"] == "Grimaldo"


async def test_without_remembering_the_name_only_the_question_is_settled(guild: GuildBuilder) -> None:
    await guild.main("Grimaldo")
    await guild.character("Velquin", "alt of Odo")
    await guild.character("Altrek", "alt of Odo (raids)")
    found = await asked(guild, VELQUIN)
    done = await send(guild, found, LinkCharacter(character="Velquin", player="Grimaldo"))
    assert list(done.also) == []
    assert (await owners(guild))["Altrek"] is None


async def test_several_notes_with_one_name_are_settled_by_one_answer_for_a_known_player(guild: GuildBuilder) -> None:
    await guild.main("Grimaldo")
    for name in ("Ara", "Bex", "Cole"):
        await guild.character(name, "Odo")
    found = await asked(guild, "Three notes say “Odo”: new player?")
    assert found.entry.settles == 3
    first = f"#{found.entry.subject.id}"
    done = await send(guild, found, LinkCharacter(character=first, player="Grimaldo", remember_note=True))
    assert sorted(done.closed) == sorted(found.entry.issue_ids)
    assert {(await owners(guild))[name] for name in ("Ara", "Bex", "Cole")} == {"Grimaldo"}


async def listed(guild: GuildBuilder, group: Group) -> list[Entry]:
    await guild.scan()
    return [entry for each in (await shown(guild)).groups if each.group is group for entry in each.entries]


async def test_in_a_group_what_settles_the_most_characters_comes_first_and_stays_there(guild: GuildBuilder) -> None:
    for name in ("Lone", "Velquin", "Zephyr"):
        await guild.character(name, "")
    for number, main in enumerate(["Velquin", "Zephyr", "Zephyr"]):
        await guild.character(f"Alt{chr(97 + number)}", f"alt of {main}")
    entries = [each for each in await listed(guild, Group.NEEDS_YOU) if each.settles > 1 or each.subject.name == "Lone"]
    assert [(each.subject.name, each.settles) for each in entries] == [("Zephyr", 3), ("Velquin", 2), ("Lone", 1)]
    again = [each.key for each in await listed(guild, Group.NEEDS_YOU)]
    await guild.execute("update guild_identity.audit_issues set review_reason = null")
    assert [each.key for each in await listed(guild, Group.NEEDS_YOU)] == again
