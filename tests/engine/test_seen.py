"""What is asked of a page that is no longer true is refused with what happened since, whoever is faster."""

from __future__ import annotations

import asyncio

import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync.core import kept_texts
from sv_common.guild_sync.core.errors import BadInput, PlanStale
from sv_common.guild_sync.core.language import PSEUDO, speaking
from sv_common.guild_sync.engine.results import FixOutcome, FixResult
from sv_common.guild_sync.insights.issue import issue_details
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.history import Seen, check_unchanged, moves
from sv_common.guild_sync.mitigations import fix_one, undo

ALICE, BOB = "officer alice", "officer bob"


@pytest.fixture
async def issue_id(guild: GuildBuilder) -> int:
    """An issue with a fix: Grimalt is linked to Elrek, and its note says Mito."""
    await guild.main("Mito")
    await guild.alt("Grimalt", "Mito", await guild.main("Elrek"))
    await run_integrity_check(guild.pool)
    ((number,),) = await guild.rows("select id from guild_identity.audit_issues where issue_type = 'note_mismatch'")
    return int(number)


async def test_two_officers_who_click_at_once_are_not_both_obeyed(guild: GuildBuilder, issue_id: int) -> None:
    seen = (await issue_details(guild.pool, issue_id)).seen
    clicks = [fix_one(guild.pool, issue_id, actor=actor, seen=seen) for actor in (ALICE, BOB)]
    results = await asyncio.gather(*clicks, return_exceptions=True)
    (done,) = [each for each in results if isinstance(each, FixResult)]
    (refusal,) = [each for each in results if isinstance(each, PlanStale)]
    assert done.outcome is FixOutcome.FIXED
    asked = "Since you opened this page: {} fixed it just now. Nothing was changed. Check it again."
    assert str(refusal) in (asked.format("alice"), asked.format("bob"))
    assert len(await guild.rows("select id from guild_identity.fix_attempts")) == 1


async def test_a_fix_that_would_do_something_else_by_now_is_not_carried_out(guild: GuildBuilder, issue_id: int) -> None:
    seen = (await issue_details(guild.pool, issue_id)).seen
    await guild.main("Zork")
    await guild.execute("update guild_identity.wow_characters set guild_note = 'Zork' where character_name = 'Grimalt'")
    with pytest.raises(PlanStale, match="the fix would now do something else"):
        await fix_one(guild.pool, issue_id, actor=ALICE, seen=seen)
    assert await guild.rows("select id from guild_identity.fix_attempts") == []


async def test_without_a_word_of_what_was_seen_nothing_is_asked(guild: GuildBuilder, issue_id: int) -> None:
    assert (await fix_one(guild.pool, issue_id, actor=ALICE)).outcome is FixOutcome.FIXED


async def test_an_undo_of_an_issue_that_somebody_has_moved_is_refused(guild: GuildBuilder, issue_id: int) -> None:
    done = await fix_one(guild.pool, issue_id, actor=ALICE)
    assert done.attempt_id is not None
    seen = (await issue_details(guild.pool, issue_id)).seen
    await guild.set_note(
        (await guild.rows("select id from guild_identity.wow_characters where character_name = 'Grimalt'"))[0][0],
        "Elrek",
    )
    await run_integrity_check(guild.pool)
    with pytest.raises(PlanStale, match="Since you opened this page: a scan found it again"):
        await undo(guild.pool, done.attempt_id, actor=BOB, seen=seen)
    assert (await undo(guild.pool, done.attempt_id, actor=BOB)).attempt_ids == [done.attempt_id]


async def test_only_the_last_of_several_moves_is_told_with_how_many_there_were(
    guild: GuildBuilder, issue_id: int
) -> None:
    seen = (await issue_details(guild.pool, issue_id)).seen
    async with guild.pool.writing(guild.guild_id) as here:
        await lifecycle.dismiss(here, issue_id, actor=BOB, reason="a guest")
        await lifecycle.reopen(here, issue_id, actor=BOB, reason="no guest")
        with pytest.raises(PlanStale, match=r"bob reopened it just now, after 1 other change\."):
            await check_unchanged(here, issue_id, seen)


async def test_moves_say_who_did_what_and_what_was_remarked(guild: GuildBuilder, issue_id: int) -> None:
    async with guild.pool.writing(guild.guild_id) as here:
        await lifecycle.dismiss(here, issue_id, actor=BOB, reason="a guest")
        await lifecycle.resolve_manually(here, issue_id, actor=ALICE, reason="asked him")
        told = [(move.sentence, move.remark) for move in await moves(here, issue_id)]
    assert told == [
        ("a scan found it", None),
        ("bob dismissed it", "a guest"),
        ("alice marked it as resolved", "asked him"),
    ]


async def test_what_the_program_gives_as_a_reason_is_told_in_the_language_of_now(
    guild: GuildBuilder, issue_id: int
) -> None:
    async with guild.pool.writing(guild.guild_id) as here:
        for reason in (kept_texts.DECISION, kept_texts.REOPENED, "no guest"):
            await lifecycle.dismiss(here, issue_id, actor=BOB, reason="a guest")
            await lifecycle.reopen(here, issue_id, actor=BOB, reason=reason)
        with speaking(PSEUDO):
            remarks = [move.remark for move in await moves(here, issue_id) if move.event == "reopened"]
    assert remarks == ["⟦An officer’s decision.⟧", "⟦Reopened by an officer.⟧", "no guest"]


async def test_of_an_issue_that_was_found_again_since_a_word_is_not_undone(guild: GuildBuilder, issue_id: int) -> None:
    async with guild.pool.writing(guild.guild_id) as here:
        await lifecycle.resolve_manually(here, issue_id, actor=BOB, reason="asked him")
        said = await lifecycle.last_words(here, [issue_id])
    await guild.scan()
    async with guild.pool.writing(guild.guild_id) as here:
        with pytest.raises(PlanStale, match=f"^Issue {issue_id} was found again since, by a scan on "):
            await lifecycle.undo_words(here, said, actor=ALICE)


@pytest.mark.parametrize("text", ["", "x", "-1", "1-", "1-zz", "1" * 19, "1-" + "a" * 65, "١"])
def test_what_no_page_has_given_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="seen"):
        Seen.read(text)


@pytest.mark.parametrize("seen", [Seen(0), Seen(12), Seen(12, "a" * 64)])
def test_what_a_page_gives_is_read_again(seen: Seen) -> None:
    assert Seen.read(str(seen)) == seen
