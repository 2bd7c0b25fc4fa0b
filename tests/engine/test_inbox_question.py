"""One question of the Inbox: what is known, who could be meant, and answers that do what they show."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, SOCIAL, GuildBuilder
from sv_common.db.pool import counting_statements
from sv_common.guild_sync.core.errors import BadInput, NotFound, PlanStale, Refused
from sv_common.guild_sync.core.undo_offer import read_ranges
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.identity.decisions import (
    AllowLink,
    AllowMember,
    LinkCharacter,
    LinkCharacterToMember,
    LinkMember,
    MarkShared,
    NewPlayer,
    RejectLink,
    RejectMember,
)
from sv_common.guild_sync.inbox import commands
from sv_common.guild_sync.insights.inbox.listing import inbox
from sv_common.guild_sync.insights.inbox.model import Answered, Question
from sv_common.guild_sync.insights.inbox.question import question
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.history import Seen
from sv_common.guild_sync.mitigations import undo

ALICE, BOB = "officer alice", "officer bob"


async def asked(guild: GuildBuilder, words: str) -> Question:
    """Scan; return the question that says this."""
    await guild.scan()
    async with guild.pool.reading(guild.guild_id) as here:
        every = [entry for group in (await inbox(here)).groups for entry in group.entries]
        (key,) = [entry.key for entry in every if entry.question == words]
        return await question(here, key)


async def answered(guild: GuildBuilder, found: Question, number: int = 1, *, actor: str = ALICE) -> Answered:
    """Send an answer as a page does."""
    chosen = next(each for each in found.answers if each.number == number)
    assert chosen.decision is not None
    wanted = replace(chosen.decision, plan_key=chosen.plan_key)
    return await commands.answer(guild.pool, found.key, wanted, actor=actor, seen=Seen.read(found.seen))


async def whose_is_velquin(guild: GuildBuilder) -> Question:
    """Two could be meant by Velquin's note."""
    await guild.main("Grimaldo", rank=RAIDER)
    await guild.main("Grimrokk")
    await guild.character("Velquin", "Grim")
    return await asked(guild, "Whose is Velquin?")


async def test_each_answer_says_who_it_is_and_what_it_changes(guild: GuildBuilder) -> None:
    found = await whose_is_velquin(guild)
    assert sorted(each.label for each in found.answers) == ["Grimaldo", "Grimrokk"]
    grimaldo = next(each for each in found.answers if each.label == "Grimaldo")
    assert grimaldo.facts == "Raider · 1 character · seen 1 day ago"
    assert grimaldo.effect == "Grimaldo 1 → 2 characters"
    assert grimaldo.decision == LinkCharacter(character=f"#{found.characters[0].id}", player=f"#{grimaldo.id}")
    assert [each.number for each in found.answers] == [1, 2]
    assert found.remember == "Grim"
    assert grimaldo.can_remember


async def test_facts_and_evidence_say_how_old_they_are(guild: GuildBuilder) -> None:
    await guild.character("Velquin", "Grim", rank=RAIDER)
    await guild.execute("update guild_identity.wow_characters set guild_note_as_of = now() - interval '9 days'")
    found = await asked(guild, "Whose is Velquin?")
    (facts,) = found.characters
    assert (facts.rank, facts.level, facts.region, facts.realm_slug, facts.note) == (
        "Raider",
        80,
        "us",
        "area-52",
        "Grim",
    )
    notes = [each for each in found.evidence if each.source == "note"]
    assert [each.is_old for each in notes] == [True] * len(notes)
    assert facts.note_seen_at == notes[0].at


async def test_an_answer_links_closes_the_question_and_names_the_next_one(guild: GuildBuilder) -> None:
    await guild.character("Zephyrine")
    found = await whose_is_velquin(guild)
    done = await answered(guild, found)
    assert done.closed == found.entry.issue_ids
    assert done.sentence == f"Velquin-area-52 belongs to {found.answers[0].label}."
    assert (done.next, done.questions) == (found.next, 1)
    assert await guild.player_of(found.characters[0].id) == found.answers[0].id


async def test_undoing_an_answer_brings_the_same_question_back(guild: GuildBuilder) -> None:
    found = await whose_is_velquin(guild)
    done = await answered(guild, found)
    assert done.undo is not None
    for attempt in read_ranges(done.undo.fields["attempts"]):
        await undo(guild.pool, attempt, actor=BOB, guild_id=guild.guild_id)
    again = await asked(guild, "Whose is Velquin?")
    assert (again.key, again.answers) == (found.key, found.answers)


async def test_an_answer_may_remember_the_name_although_the_shown_plan_did_not(guild: GuildBuilder) -> None:
    found = await whose_is_velquin(guild)
    chosen = found.answers[0]
    assert isinstance(chosen.decision, LinkCharacter)
    wanted = replace(chosen.decision, plan_key=chosen.plan_key, remember_note=True)
    await commands.answer(guild.pool, found.key, wanted, actor=ALICE)
    rows = await guild.rows("select alias, player_id from guild_identity.player_note_aliases")
    assert rows == [("Grim", chosen.id)]


async def test_an_answer_that_would_do_something_else_by_now_is_refused(guild: GuildBuilder) -> None:
    found = await whose_is_velquin(guild)
    await guild.decide(LinkCharacter("Velquin", "Grimrokk"))
    grimaldo = next(each for each in found.answers if each.label == "Grimaldo")
    assert grimaldo.decision is not None
    with pytest.raises(PlanStale, match=r"This question is closed: .*Velquin-area-52 belongs to Grimrokk"):
        await commands.answer(guild.pool, found.key, grimaldo.decision, actor=BOB, seen=Seen.read(found.seen))
    assert await guild.player_of(found.characters[0].id) != grimaldo.id


async def test_two_officers_who_answer_at_once_are_not_both_obeyed(guild: GuildBuilder) -> None:
    found = await whose_is_velquin(guild)
    await commands.snooze(guild.pool, found.key, until=datetime.now(UTC).date() + timedelta(2), actor=BOB)
    await guild.call(lifecycle.reopen_many, found.entry.issue_ids, actor=BOB, reason="Tomorrow, then.")
    with pytest.raises(PlanStale, match="Since you opened this page: bob reopened it"):
        await answered(guild, found)


async def test_a_decision_about_others_is_no_answer(guild: GuildBuilder) -> None:
    found = await whose_is_velquin(guild)
    await guild.character("Zephyrine")
    with pytest.raises(Refused, match="This decision is about others than “Whose is Velquin\\?”"):
        await commands.answer(guild.pool, found.key, LinkCharacter("Zephyrine", "Grimaldo"), actor=ALICE)
    assert await guild.rows("select id from guild_identity.fix_attempts") == []


async def test_somebody_else_can_be_the_answer(guild: GuildBuilder) -> None:
    found = await whose_is_velquin(guild)
    mito = await guild.main("Mito")
    done = await commands.answer(guild.pool, found.key, LinkCharacter("Velquin", "Mito"), actor=ALICE)
    assert done.closed == found.entry.issue_ids
    assert await guild.player_of(found.characters[0].id) == mito


async def test_ruling_one_out_leaves_the_question_open_with_the_other_and_a_way_back(guild: GuildBuilder) -> None:
    found = await whose_is_velquin(guild)
    first, second = found.answers
    assert isinstance(first.reject, RejectLink)
    done = await commands.answer(guild.pool, found.key, first.reject, actor=ALICE)
    assert (done.closed, done.next) == ([], found.key)
    assert done.sentence.endswith("The question stays open.")
    again = await asked(guild, "Whose is Velquin?")
    assert [(each.label, each.number, each.is_rejected) for each in again.answers] == [
        (second.label, 1, False),
        (first.label, None, True),
    ]
    assert isinstance(again.answers[1].allow, AllowLink)


async def test_a_new_player_is_offered_with_the_name_that_the_note_gives(guild: GuildBuilder) -> None:
    await guild.character("Velquin", "odo")
    found = await asked(guild, "Whose is Velquin?")
    assert found.new_player is not None
    assert (found.new_player.name, found.new_player.effect) == ("Odo", "New player Odo with 1 character")
    assert isinstance(found.new_player.decision, NewPlayer)
    called = replace(found.new_player.decision, plan_key=found.new_player.plan_key, name="Odolf")
    done = await commands.answer(guild.pool, found.key, called, actor=ALICE)
    assert done.closed == found.entry.issue_ids
    assert await guild.rows("select display_name from guild_identity.players") == [("Odolf",)]


async def test_one_answer_creates_the_player_of_several_notes(guild: GuildBuilder) -> None:
    for name in ("Ara", "Bex", "Cole", "Dolm"):
        await guild.character(name, "Odo")
    found = await asked(guild, "Four notes say “Odo”: new player?")
    assert found.new_player is not None
    assert found.new_player.decision is not None
    wanted = replace(found.new_player.decision, plan_key=found.new_player.plan_key)
    done = await commands.answer(guild.pool, found.key, wanted, actor=ALICE, seen=Seen.read(found.seen))
    assert list(done.closed) == list(found.entry.issue_ids)
    assert done.sentence == "New player Odo with 4 characters."
    assert len(await guild.rows("select 1 from guild_identity.player_characters")) == 4


async def test_a_question_of_several_is_stale_when_one_of_them_moved(guild: GuildBuilder) -> None:
    for name in ("Ara", "Bex", "Cole"):
        await guild.character(name, "Odo")
    found = await asked(guild, "Three notes say “Odo”: new player?")
    last = found.entry.issue_ids[-1]
    await guild.call(lifecycle.dismiss_many, [last], actor=BOB, reason="A guest.")
    await guild.call(lifecycle.reopen_many, [last], actor=BOB, reason="No guest.")
    with pytest.raises(PlanStale, match="bob reopened it"):
        await commands.dismiss(guild.pool, found.key, reason="Known.", actor=ALICE, seen=Seen.read(found.seen))


async def test_a_bank_is_marked_as_shared(guild: GuildBuilder) -> None:
    await guild.character("Lanternbank", "Bank")
    found = await asked(guild, "Whose is Lanternbank?")
    assert found.shared is not None
    assert isinstance(found.shared.decision, MarkShared)
    wanted = replace(found.shared.decision, plan_key=found.shared.plan_key)
    done = await commands.answer(guild.pool, found.key, wanted, actor=ALICE)
    assert done.closed == found.entry.issue_ids


async def test_a_character_without_a_player_can_be_chosen_and_both_become_one(guild: GuildBuilder) -> None:
    await guild.character("Fokelilox")
    await guild.character("Nuridotax", "Fokelilox")
    found = await asked(guild, "Whose is Nuridotax?")
    (answer,) = [each for each in found.answers if each.label.startswith("Fokelilox")]
    assert isinstance(answer.decision, NewPlayer)
    assert answer.effect == "New player Fokelilox with 2 characters"
    done = await answered(guild, found, answer.number or 0)
    assert done.closed == found.entry.issue_ids


async def test_a_member_without_a_player_who_is_chosen_becomes_one(guild: GuildBuilder) -> None:
    await guild.member("Velquinn", roles=[ROLE_OF_RANK[SOCIAL]])
    await guild.character("Velquin")
    found = await asked(guild, "Whose is Velquin?")
    answer = next(each for each in found.answers if each.kind == "member")
    assert isinstance(answer.decision, LinkCharacterToMember)
    assert answer.effect == "New player Velquinn with 1 character"
    assert not any("cannot" in sentence or "nothing can be" in sentence for sentence in answer.speaks_against)


async def test_a_member_is_asked_about_and_every_suggestion_can_be_ruled_out(guild: GuildBuilder) -> None:
    player = await guild.player("Brightwynd")
    await guild.link(await guild.character("Brightwynd"), player, as_main=True)
    await guild.member("Sir Brightwyndd", roles=[ROLE_OF_RANK[SOCIAL]])
    found = await asked(guild, "Which characters are Sir Brightwyndd’s?")
    assert found.member is not None
    assert found.member.username == "sir brightwyndd"
    assert (
        found.message == "Hi Sir Brightwyndd, which characters in Lantern Watch do you play? Answer with their names."
    )
    (answer,) = found.answers
    assert isinstance(answer.decision, LinkMember)
    assert answer.effect == "Brightwynd becomes this Discord member"
    assert isinstance(answer.reject, RejectMember)
    await commands.answer(guild.pool, found.key, answer.reject, actor=ALICE)
    (ruled_out,) = (await asked(guild, "Which characters are Sir Brightwyndd’s?")).answers
    assert ruled_out.is_rejected
    assert isinstance(ruled_out.allow, AllowMember)


async def test_a_link_that_changes_which_role_is_right_says_so(guild: GuildBuilder) -> None:
    member = await guild.member("Grimaldo", roles=[ROLE_OF_RANK[RAIDER]])
    await guild.execute("update guild_identity.discord_users set highest_guild_role = 'Raider'")
    player = await guild.player("Grimaldo", member=member)
    await guild.link(await guild.character("Grimaldo", rank=RAIDER), player, as_main=True)
    await guild.character("Velquin", "Grim", rank=OFFICER)
    await guild.character("Quelvin", "Grim", rank=SOCIAL)
    officer, social = await asked(guild, "Whose is Velquin?"), await asked(guild, "Whose is Quelvin?")
    effects = [next(a.effect for a in found.answers if a.label == "Grimaldo") for found in (officer, social)]
    assert effects == [
        "Grimaldo 1 → 2 characters · should then be Officer on Discord",
        "Grimaldo 1 → 2 characters · Discord stays Raider",
    ]


async def test_a_snooze_comes_back_on_its_day_and_is_undone_by_reopening(guild: GuildBuilder) -> None:
    found = await whose_is_velquin(guild)
    day = datetime.now(UTC).date() + timedelta(7)
    done = await commands.snooze(guild.pool, found.key, until=day, actor=ALICE, seen=Seen.read(found.seen))
    assert done.sentence == f"Snoozed until {day}."
    (issue,) = await guild.call(lifecycle.get_many, found.entry.issue_ids)
    assert (issue.dismissed_reason, issue.dismissed_until) == (
        "Snoozed for 7 days.",
        datetime(day.year, day.month, day.day, tzinfo=UTC),
    )
    assert done.undo is not None
    await guild.call(lifecycle.undo_words, read_ranges(done.undo.fields["events"]), actor=BOB)
    assert (await asked(guild, "Whose is Velquin?")).key == found.key


async def test_a_snooze_until_today_is_refused(guild: GuildBuilder) -> None:
    found = await whose_is_velquin(guild)
    with pytest.raises(BadInput, match="must lie ahead"):
        await commands.snooze(guild.pool, found.key, until=datetime.now(UTC).date(), actor=ALICE)


async def test_a_dismissal_takes_all_issues_of_the_question(guild: GuildBuilder) -> None:
    for name in ("Ara", "Bex"):
        await guild.character(name, "Odo")
    found = await asked(guild, "Two notes say “Odo”: new player?")
    done = await commands.dismiss(guild.pool, found.key, reason=found.dismiss_presets[0], actor=ALICE)
    assert (done.sentence, done.closed, done.next) == ("Dismissed: A bank or shared alt.", found.entry.issue_ids, None)
    issues = await guild.call(lifecycle.get_many, found.entry.issue_ids)
    assert {each.state for each in issues} == {"dismissed"}


async def test_a_message_to_copy_tells_no_note(guild: GuildBuilder) -> None:
    await guild.character("Velquin", "secretname is his ex")
    found = await asked(guild, "Whose is Velquin?")
    assert found.message.startswith("Who in Lantern Watch plays Velquin-area-52 (level 80)?")
    assert "secretname" not in found.message


async def test_a_question_that_is_closed_says_who_closed_it(guild: GuildBuilder) -> None:
    found = await whose_is_velquin(guild)
    await commands.dismiss(guild.pool, found.key, reason="Known.", actor=BOB)
    async with guild.pool.reading(guild.guild_id) as here:
        with pytest.raises(PlanStale, match="This question is closed: bob dismissed it just now"):
            await question(here, found.key)
        with pytest.raises(NotFound):
            await question(here, 10**6)


async def test_one_ready_fix_is_the_officers_decision_and_several_go_by_evidence(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    for name in ("Altrek", "Banktrek", "Coltrek"):
        await guild.character(name, "alt of Mito")
    alone = await asked(guild, "Link Altrek to Mito?")
    assert alone.ready is not None
    assert alone.ready.does.verb == "Link to Mito"
    done = await commands.fix_ready(guild.pool, [alone.key], actor=ALICE, plan_keys={alone.key: alone.ready.plan_key})
    assert (done.fixed, done.undo is not None, done.questions) == (1, True, 2)
    others = [await asked(guild, f"Link {name} to Mito?") for name in ("Banktrek", "Coltrek")]
    keys = {each.key: each.ready.plan_key for each in others if each.ready}
    assert (await commands.fix_ready(guild.pool, list(keys), actor=ALICE, plan_keys=keys)).fixed == 2
    rows = await guild.rows(
        "select c.character_name, l.link_source from guild_identity.player_characters l "
        "join guild_identity.wow_characters c on c.id = l.character_id where c.character_name like '%%trek' order by 1"
    )
    assert rows == [("Altrek", "officer_fix"), ("Banktrek", "bulk_fix"), ("Coltrek", "bulk_fix")]


async def test_a_ready_fix_that_would_do_something_else_by_now_is_not_applied(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.main("Zork")
    altrek = await guild.character("Altrek", "alt of Mito")
    found = await asked(guild, "Link Altrek to Mito?")
    assert found.ready is not None
    await guild.set_note(altrek, "alt of Zork")
    done = await commands.fix_ready(guild.pool, [found.key], actor=ALICE, plan_keys={found.key: found.ready.plan_key})
    assert [each.outcome for each in done.results] == [FixOutcome.REFUSED]
    assert await guild.player_of(altrek) is None


async def test_a_question_costs_the_same_statements_in_a_small_and_a_large_guild(guild: GuildBuilder) -> None:
    async def statements(found: Question) -> int:
        with counting_statements() as counter:
            async with guild.pool.reading(guild.guild_id) as here:
                await question(here, found.key)
        return counter.statements

    found = await whose_is_velquin(guild)
    few = await statements(found)
    for number in range(40):
        await guild.character(f"Velq{chr(97 + number % 26)}{chr(97 + number // 26)}uin", "Grim")
    await guild.scan()
    assert await statements(found) == few


async def test_a_role_question_shows_the_change_and_asks_the_person(guild: GuildBuilder) -> None:
    member = await guild.member("Silvercrest", roles=[ROLE_OF_RANK[RAIDER]])
    player = await guild.player("Silvercrest", member=member, is_confirmed=True)
    await guild.link(await guild.character("Silvercrest", rank=OFFICER), player, source="manual", as_main=True)
    await guild.roles_without_power()
    found = await asked(guild, "Give Silvercrest the Officer role?")
    assert found.ready is not None
    assert [effect.what for effect in found.ready.effects] == [
        "Discord role Officer of Silvercrest",
        "Discord role Raider of Silvercrest",
    ]
    assert found.message == "Hi Silvercrest, is Silvercrest in Lantern Watch your character?"
    assert [each.name for each in found.characters] == ["Silvercrest"]
    assert (found.answers, found.new_player, found.shared) == ([], None, None)
