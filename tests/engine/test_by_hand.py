"""What an officer decides by hand, on real rows."""

from __future__ import annotations

import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync.core.errors import NotFound, PattError, PlanStale, Refused
from sv_common.guild_sync.identity.decisions import (
    AddAlias,
    AllowLink,
    LinkCharacter,
    ManualDecision,
    RejectLink,
    RemoveAlias,
    UnlinkCharacter,
)
from sv_common.guild_sync.identity_engine import DecisionReport, apply_decision, preview_decision, run_matching
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.mitigations import fix_all, run_auto_mitigations, undo
from sv_common.guild_sync.rules import RULES


async def _decide(guild: GuildBuilder, decision: ManualDecision) -> DecisionReport:
    return await apply_decision(guild.pool, decision, actor="officer alice")


async def _undo(guild: GuildBuilder, report: DecisionReport) -> None:
    assert report.attempt_id is not None
    await undo(guild.pool, report.attempt_id, actor="officer alice")


async def _rejections(guild: GuildBuilder) -> list[tuple[int, int]]:
    return [
        (character, player)
        for character, player in await guild.rows("select character_id, player_id from guild_identity.link_rejections")
    ]


@pytest.mark.parametrize("decision", [RejectLink("Rivermane", "Mito", "a friend's"), UnlinkCharacter("Rivermane")])
@pytest.mark.parametrize("word", ["Mito", "Robin"])
async def test_a_note_that_names_a_player_who_was_ruled_out_is_no_strangers(
    guild: GuildBuilder, decision: ManualDecision, word: str
) -> None:
    mito, elrek = await guild.player("Mito"), await guild.main("Elrek")
    await guild.alias(mito, "Robin")
    character = await guild.alt("Rivermane", "an earlier note", mito)
    await _decide(guild, decision)
    await guild.set_note(character, word)
    await run_integrity_check(guild.pool)
    (orphan,) = (await fix_all(guild.pool, "orphan_wow", actor="officer alice", guild_id=guild.guild_id)).results
    assert "an officer has said that Rivermane-area-52 does not belong to Mito" in orphan.reason
    assert (await run_matching(guild.pool, actor="officer alice")).groups == []
    await guild.link(character, elrek)
    await run_integrity_check(guild.pool)
    await run_auto_mitigations(guild.pool)
    (result,) = (await fix_all(guild.pool, "note_mismatch", actor="officer alice", guild_id=guild.guild_id)).results
    assert "an officer has said that Rivermane-area-52 does not belong to Mito" in result.reason
    assert await guild.player_of(character) == elrek


async def test_the_preview_changes_nothing_and_is_what_is_applied(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    zork = await guild.main("Zork")
    character = await guild.alt("Rivermane", None, zork)
    previewed = await preview_decision(guild.pool, LinkCharacter("Rivermane", "Mito"))
    assert previewed.attempt_id is None
    assert await guild.player_of(character) == zork
    assert (await _decide(guild, LinkCharacter("Rivermane", "Mito"))).plan == previewed.plan


async def test_a_decision_closes_the_issue_that_it_settles(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.character("Rivermane")
    await run_integrity_check(guild.pool, issue_types=["orphan_wow"])
    await _decide(guild, LinkCharacter("Rivermane", "Mito"))
    rows = await guild.rows(
        "select resolved_at is not null from guild_identity.audit_issues where issue_type = 'orphan_wow'"
    )
    assert rows == [(True,)]


async def test_not_this_player_unlinks_and_is_respected_by_every_later_decision(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    character = await guild.alt("Rivermane", "alt of Mito", mito)
    await _decide(guild, RejectLink("Rivermane", "Mito", "another Mito, long gone"))
    assert await guild.player_of(character) is None
    await run_integrity_check(guild.pool)
    await run_auto_mitigations(guild.pool)
    for issue_type in RULES:
        await fix_all(guild.pool, issue_type, actor="officer alice", guild_id=guild.guild_id)
    await run_matching(guild.pool, actor="officer alice")
    assert await guild.player_of(character) is None
    with pytest.raises(Refused, match="does not belong to Mito"):
        await _decide(guild, LinkCharacter("Rivermane", "Mito"))


async def test_a_remembered_note_means_the_player_from_now_on(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    await guild.character("Rivermane", "Robin")
    other = await guild.character("Stonemane", "Robin's alt")
    await _decide(guild, LinkCharacter("Rivermane", "Mito", remember_note=True))
    await run_integrity_check(guild.pool)
    await fix_all(guild.pool, "orphan_wow", actor="officer alice", guild_id=guild.guild_id)
    assert await guild.player_of(other) == mito


@pytest.mark.parametrize(
    ("decision", "error", "says"),
    [
        (LinkCharacter("Nobodyhere", "Mito"), NotFound, "No character of the guild is called “Nobodyhere”"),
        (LinkCharacter("Rivermane", "Nobodyhere"), NotFound, "No player is called “Nobodyhere”"),
        (LinkCharacter("Rivermane", "Twin"), Refused, "Give the number"),
        (LinkCharacter("Rivermane", "Mito", remember_note=True), Refused, "names no one"),
        (UnlinkCharacter("Rivermane"), Refused, "has no player already"),
    ],
)
async def test_what_cannot_be_done_is_said_in_a_sentence_and_changes_nothing(
    guild: GuildBuilder, decision: ManualDecision, error: type[PattError], says: str
) -> None:
    await guild.main("Mito")
    await guild.player("Twin")
    await guild.player("Twin")
    character = await guild.character("Rivermane", "Alch 300")
    with pytest.raises(error, match=says):
        await _decide(guild, decision)
    assert await guild.player_of(character) is None
    assert await guild.rows("select 1 from guild_identity.fix_attempts") == []


async def test_a_player_may_be_called_by_number(guild: GuildBuilder) -> None:
    await guild.player("Twin")
    twin = await guild.player("Twin")
    character = await guild.character("Rivermane")
    await _decide(guild, LinkCharacter("Rivermane", str(twin)))
    assert await guild.player_of(character) == twin


async def _main_of(guild: GuildBuilder, player: int) -> int | None:
    rows = await guild.rows(
        "select main_character_id from guild_identity.players where id = %(player)s", {"player": player}
    )
    return rows[0][0]  # type: ignore[no-any-return]  # a row of the database has no types


async def test_an_alias_means_its_player_at_once_and_no_longer_when_it_is_removed(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    orphan = await guild.character("Rivermane", "Robin")
    await _decide(guild, AddAlias("Robin", "Mito"))
    await fix_all(guild.pool, "orphan_wow", actor="officer alice", guild_id=guild.guild_id)
    assert await guild.player_of(orphan) == mito
    report = await _decide(guild, RemoveAlias("robin"))
    assert await guild.rows("select 1 from guild_identity.player_note_aliases") == []
    await _undo(guild, report)
    assert await guild.rows("select player_id, alias from guild_identity.player_note_aliases") == [(mito, "Robin")]


async def test_an_alias_that_means_somebody_else_by_now_does_not_come_back(guild: GuildBuilder) -> None:
    await guild.alias(await guild.main("Mito"), "Robin")
    zork = await guild.main("Zork")
    report = await _decide(guild, RemoveAlias("Robin"))
    await _decide(guild, AddAlias("Robin", "Zork"))
    with pytest.raises(PlanStale, match="means another player since"):
        await _undo(guild, report)
    assert await guild.rows("select player_id from guild_identity.player_note_aliases") == [(zork,)]


async def test_a_main_whose_link_an_officer_confirms_stays_the_main(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    main = await _main_of(guild, mito)
    report = await _decide(guild, LinkCharacter("Mito", "Mito"))
    assert await _main_of(guild, mito) == main
    assert [effect.what for effect in report.effects] == ["Player of Mito-area-52"]
    await _undo(guild, report)
    assert await _main_of(guild, mito) == main
    assert await guild.rows("select link_source from guild_identity.player_characters") == [("full_match",)]


async def test_a_link_that_an_officer_has_rejected_since_is_not_put_back(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    character = await guild.alt("Rivermane", "Zork", mito)
    await run_integrity_check(guild.pool)
    (unlinked,) = (await run_auto_mitigations(guild.pool)).results
    await _decide(guild, RejectLink("Rivermane", "Mito", ""))
    with pytest.raises(PlanStale, match="does not belong to the player that would have it again"):
        await undo(guild.pool, unlinked.attempt_id or 0, actor="officer alice")
    assert await guild.player_of(character) is None
    await _decide(guild, AllowLink("Rivermane", "Mito"))
    await undo(guild.pool, unlinked.attempt_id or 0, actor="officer alice")
    assert await guild.player_of(character) == mito


async def test_a_player_of_whom_an_officer_has_said_something_since_is_not_taken_back(guild: GuildBuilder) -> None:
    await guild.member("Mito")
    await guild.character("Mito")
    await guild.character("Rivermane")
    match = await run_matching(guild.pool, actor="officer alice")
    await _decide(guild, RejectLink("Rivermane", "Mito", ""))
    with pytest.raises(PlanStale, match="characters, aliases or rejections since"):
        await undo(guild.pool, match.attempt_id or 0, actor="officer alice")
    assert len(await _rejections(guild)) == 1
