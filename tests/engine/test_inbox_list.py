"""The Inbox's list: each open issue in exactly one question, in plain words, and what stands above the list."""

from __future__ import annotations

from collections import Counter

from engine.busy_guild import fill
from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, SOCIAL, GuildBuilder
from sv_common.db.pool import counting_statements
from sv_common.guild_sync.identity.decisions import RejectLink
from sv_common.guild_sync.insights.inbox.listing import inbox, safe_fixes
from sv_common.guild_sync.insights.inbox.model import Entry, Group, Inbox
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues.explanation import Strength
from sv_common.guild_sync.roster.freshness import Source
from sv_common.guild_sync.rules import RULES


async def shown(guild: GuildBuilder) -> Inbox:
    async with guild.pool.reading(guild.guild_id) as here:
        return await inbox(here)


async def entries(guild: GuildBuilder) -> dict[str, Entry]:
    """Scan; return all entries by their question."""
    await guild.scan()
    return {entry.question: entry for group in (await shown(guild)).groups for entry in group.entries}


async def test_a_character_without_evidence_needs_an_officer(guild: GuildBuilder) -> None:
    await guild.character("Velquin", "Alch 300")
    entry = (await entries(guild))["Whose is Velquin?"]
    assert (entry.group, entry.best, entry.does, entry.plan_key) == (Group.NEEDS_YOU, None, None, None)
    assert entry.hint == "note “Alch 300”"
    assert (entry.subject.kind, entry.subject.name, entry.subject.realm) == ("character", "Velquin", "area-52")


async def test_a_note_that_nobody_saw_is_not_an_empty_one(guild: GuildBuilder) -> None:
    await guild.character("Velquin", None)
    await guild.character("Zephyrine", "")
    found = await entries(guild)
    assert found["Whose is Velquin?"].hint == "note not seen yet"
    assert found["Whose is Zephyrine?"].hint == "no note"


async def test_a_short_form_of_a_name_is_a_suggestion_and_no_fix(guild: GuildBuilder) -> None:
    await guild.main("Grimaldo")
    await guild.character("Velquin", "Grim")
    entry = (await entries(guild))["Whose is Velquin?"]
    assert entry.group is Group.SUGGESTED
    assert entry.best is not None
    assert entry.best.label == "Grimaldo"
    assert entry.does is None


async def test_a_note_with_a_whole_name_is_ready_and_says_what_fix_does(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.character("Altrek", "alt of Mito")
    entry = (await entries(guild))["Link Altrek to Mito?"]
    assert entry.group is Group.READY
    assert entry.does is not None
    assert entry.does.verb == "Link to Mito"
    assert entry.is_safe
    assert entry.plan_key is not None


async def test_a_note_that_names_someone_else_asks_whether_to_move(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    elrek = await guild.main("Elrek")
    await guild.alt("Altrek", "Mito", elrek)
    await guild.alt("Banktrek", "Zork", elrek)
    found = await entries(guild)
    moved, unlinked = found["Altrek’s note says Mito. Move it?"], found["Banktrek’s note says Zork. Unlink it?"]
    assert [each.does.verb for each in (moved, unlinked) if each.does] == ["Move to Mito", "Unlink"]
    assert moved.group is unlinked.group is Group.READY


async def test_a_role_is_asked_for_with_what_the_member_gets_and_loses(guild: GuildBuilder) -> None:
    member = await guild.member("Silvercrest", roles=[ROLE_OF_RANK[RAIDER]])
    player = await guild.player("Silvercrest", member=member, is_confirmed=True)
    await guild.link(await guild.character("Silvercrest", rank=OFFICER), player, source="manual", as_main=True)
    await guild.roles_without_power()
    entry = (await entries(guild))["Give Silvercrest the Officer role?"]
    assert entry.does is not None
    assert (entry.does.verb, entry.does.gets, entry.does.loses) == (
        "Give Officer, take Raider",
        ["Officer"],
        ["Raider"],
    )
    assert entry.subject.kind == "player"
    assert entry.hint == "@silvercrest · no guild role"


async def test_a_member_without_a_player_is_asked_about(guild: GuildBuilder) -> None:
    await guild.member("Quillon", roles=[ROLE_OF_RANK[SOCIAL]])
    entry = (await entries(guild))["Which characters are Quillon’s?"]
    assert (entry.group, entry.subject.kind) == (Group.NEEDS_YOU, "member")


async def test_an_inactive_character_is_for_information_and_no_question_that_is_left(guild: GuildBuilder) -> None:
    player = await guild.player("Mito")
    await guild.link(await guild.character("Mito", last_login_days=90), player, as_main=True)
    entry = (await entries(guild))["Is Mito still active?"]
    assert entry.group is Group.INFORMATION
    assert entry.hint == "seen 90 days ago"
    assert (await shown(guild)).questions == 0


async def test_characters_whose_notes_give_one_unknown_name_are_one_question(guild: GuildBuilder) -> None:
    for name in ("Ara", "Bex", "Cole"):
        await guild.character(name, "Odo")
    await guild.character("Dolm", "Odo is my hero")
    entry = (await entries(guild))["Three notes say “Odo”: new player?"]
    assert len(entry.issue_ids) == 3
    assert entry.key == min(entry.issue_ids)
    assert [each.name for each in (entry.subject, *entry.others)] == ["Ara", "Bex", "Cole"]
    assert entry.best is not None
    assert (entry.best.label, entry.best.strength) == ("New player “Odo”", Strength.LIKELY)
    assert entry.does is None


async def test_an_unknown_name_that_a_player_already_goes_by_is_no_new_player(guild: GuildBuilder) -> None:
    grim = await guild.main("Grimaldo")
    await guild.alt("Altrek", "Odo", grim, linked_under="Odo", source="manual")
    for name in ("Ara", "Bex"):
        await guild.character(name, "Odo")
    found = await entries(guild)
    assert {found["Whose is Ara?"].group, found["Whose is Bex?"].group} == {Group.SUGGESTED}


async def test_somebody_who_was_ruled_out_is_suggested_no_more(guild: GuildBuilder) -> None:
    await guild.main("Grimaldo")
    await guild.character("Velquin", "Grim")
    await guild.decide(RejectLink("Velquin", "Grimaldo"))
    assert (await entries(guild))["Whose is Velquin?"].group is Group.NEEDS_YOU


async def test_what_a_scan_no_longer_finds_offers_no_fix(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    altrek = await guild.alt("Altrek", "Mito", elrek)
    await guild.scan()
    await guild.set_note(altrek, "alt of Elrek")
    (entry,) = [each for group in (await shown(guild)).groups for each in group.entries]
    assert (entry.group, entry.does, entry.hint) == (Group.INFORMATION, None, "no longer found")


async def test_while_a_rule_cannot_tell_its_doubt_is_said_once_and_nothing_is_ready(guild: GuildBuilder) -> None:
    member = await guild.member("Silvercrest", roles=[ROLE_OF_RANK[RAIDER]])
    player = await guild.player("Silvercrest", member=member, is_confirmed=True)
    await guild.link(await guild.character("Silvercrest", rank=OFFICER), player, source="manual", as_main=True)
    await guild.roles_without_power()
    await guild.scan()
    await guild.execute(
        "update common.guild_ranks set name_in_game = 'Wizard' where guild_id = %(guild)s and wow_rank_index = 1"
    )
    found = await shown(guild)
    assert len(found.doubts) == 1
    assert "Confirm the rank table" in found.doubts[0]
    assert [group.total for group in found.groups] == [0, 0, 0, 1]


async def test_every_open_issue_is_in_exactly_one_entry(guild: GuildBuilder) -> None:
    await fill(guild, 120)
    await guild.scan()
    counted = Counter(
        number for group in (await shown(guild)).groups for entry in group.entries for number in entry.issue_ids
    )
    opened = await guild.rows(
        "select id from guild_identity.audit_issues where guild_id = %(guild)s and state = 'open'"
    )
    assert counted == Counter(number for (number,) in opened)


async def test_the_number_of_statements_does_not_grow_with_the_guild(guild: GuildBuilder) -> None:
    async def statements() -> int:
        await guild.scan()
        with counting_statements() as counter:
            await shown(guild)
        return counter.statements

    await fill(guild, 30)
    few = await statements()
    await fill(guild, 150, seed=2)
    assert await statements() == few
    assert few < 40


async def test_every_rule_asks_its_question_in_words_of_its_own() -> None:
    assert [rule.issue_type for rule in RULES.values() if rule.question is None] == []


async def test_how_far_the_guild_is_and_what_a_full_match_would_link(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.character("Altrek", "alt of Mito")
    await guild.character("Velquin")
    await guild.scan()
    found = await shown(guild)
    assert (found.known, found.total, found.questions) == (1, 3, 2)
    assert found.match is not None
    assert found.match.sentence == "A full match would link 1 character to 1 player."
    assert (found.match.characters_linked, found.match.players, found.match.players_created) == (1, 1, 0)


async def test_a_full_match_that_would_link_nobody_is_not_offered(guild: GuildBuilder) -> None:
    await guild.character("Velquin")
    await guild.scan()
    assert (await shown(guild)).match is None


async def test_sources_that_were_never_read_say_what_to_do(guild: GuildBuilder) -> None:
    found = {each.age.source: each for each in (await shown(guild)).sources}
    assert found[Source.NOTES].sentence == "Guild notes were never read."
    assert "/pattsync" in found[Source.NOTES].remedy


async def test_more_safe_changes_than_the_budget_are_held_as_one_batch(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    elrek = await guild.main("Elrek")
    for number in range(11):
        await guild.alt(f"Alt{'abcdefghijk'[number]}rek", "Mito", elrek)
    await guild.scan()
    (batch,) = (await shown(guild)).held
    assert (batch.issue_type, batch.count, batch.limit) == ("note_mismatch", 11, 10)
    assert batch.sentence == "11 changes at once are more than 10: held for you."
    assert len(batch.issue_ids) == 11


async def test_a_refused_list_says_who_would_go(guild: GuildBuilder) -> None:
    numbers = [await guild.member(name) for name in ("Ara", "Bex", "Cole")]
    await guild.execute(
        "insert into guild_identity.held_losses (guild_id, source, subject_ids, known) "
        "values (%(guild)s, 'discord', %(ids)s, 4)",
        {"ids": numbers},
    )
    (loss,) = (await shown(guild)).losses
    assert loss.sentence.startswith("3 of 4 known Discord members are missing from Discord’s list.")
    assert [each.name for each in loss.people] == ["Ara", "Bex", "Cole"]


async def test_safe_fixes_name_each_change_and_only_what_automation_may_do(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.character("Altrek", "alt of Mito")
    await guild.character("Bosstrek", "alt of Mito", rank=OFFICER)
    await guild.scan()
    async with guild.pool.reading(guild.guild_id) as here:
        (fix,) = (await safe_fixes(here)).fixes
    assert fix.question == "Link Altrek to Mito?"
    assert fix.steps[0].startswith("Link Altrek-area-52 to Mito")


async def test_a_fix_that_somebody_undid_is_safe_no_more(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    elrek = await guild.main("Elrek")
    await guild.alt("Altrek", "Mito", elrek)
    (result,) = await guild.automate()
    await guild.undo(result)
    await run_integrity_check(guild.pool)
    entry = (await entries(guild))["Altrek’s note says Mito. Move it?"]
    assert (entry.group, entry.is_safe) == (Group.READY, False)


async def test_an_inactive_character_of_an_active_player_comes_last_and_says_so(guild: GuildBuilder) -> None:
    active = await guild.main("Aron")
    await guild.link(await guild.character("Aldolt", last_login_days=60), active)
    away = await guild.player("Zed")
    await guild.link(await guild.character("Zedolt", last_login_days=60), away)
    await guild.scan()
    told = next(each.entries for each in (await shown(guild)).groups if each.group is Group.INFORMATION)
    assert [(each.subject.name, each.is_quiet) for each in told] == [("Zedolt", False), ("Aldolt", True)]
    assert "active on Aron" in str(told[1].hint)
