"""What an officer decides, on real rows."""

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
from sv_common.guild_sync.identity_engine import preview_decision, run_matching
from sv_common.guild_sync.integrity_checker import run_integrity_check


@pytest.mark.parametrize("decision", [RejectLink("Rivermane", "Mito", "a friend's"), UnlinkCharacter("Rivermane")])
@pytest.mark.parametrize("word", ["Mito", "Robin"])
async def test_a_note_that_names_a_player_who_was_ruled_out_is_no_strangers(
    guild: GuildBuilder, decision: ManualDecision, word: str
) -> None:
    mito, elrek = await guild.player("Mito"), await guild.main("Elrek")
    await guild.alias(mito, "Robin")
    character = await guild.alt("Rivermane", "an earlier note", mito)
    await guild.decide(decision)
    await guild.set_note(character, word)
    await guild.scan()
    (orphan,) = (await guild.fix_all("orphan_wow")).results
    assert "an officer ruled out Mito for Rivermane-area-52" in orphan.reason
    assert (await run_matching(guild.pool, actor="officer alice")).groups == []
    await guild.link(character, elrek)
    await guild.automate()
    (result,) = (await guild.fix_all("note_mismatch")).results
    assert "an officer ruled out Mito for Rivermane-area-52" in result.reason
    assert await guild.player_of(character) == elrek


async def test_the_preview_changes_nothing_and_is_what_is_applied(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    zork = await guild.main("Zork")
    character = await guild.alt("Rivermane", None, zork)
    previewed = await preview_decision(guild.pool, LinkCharacter("Rivermane", "Mito"))
    assert previewed.attempt_id is None
    assert await guild.player_of(character) == zork
    assert (await guild.decide(LinkCharacter("Rivermane", "Mito"))).plan == previewed.plan


async def test_a_decision_closes_the_issue_that_it_settles(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.character("Rivermane")
    await run_integrity_check(guild.pool, issue_types=["orphan_wow"])
    await guild.decide(LinkCharacter("Rivermane", "Mito"))
    rows = await guild.rows(
        "select resolved_at is not null from guild_identity.audit_issues where issue_type = 'orphan_wow'"
    )
    assert rows == [(True,)]


async def test_a_remembered_note_means_the_player_from_now_on(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    await guild.character("Rivermane", "Robin")
    other = await guild.character("Stonemane", "Robin's alt")
    await guild.decide(LinkCharacter("Rivermane", "Mito", remember_note=True))
    await guild.scan()
    await guild.fix_all("orphan_wow")
    assert await guild.player_of(other) == mito


@pytest.mark.parametrize(
    ("decision", "error", "says"),
    [
        (LinkCharacter("Nobodyhere", "Mito"), NotFound, "No character is named “Nobodyhere”"),
        (LinkCharacter("Rivermane", "Nobodyhere"), NotFound, "No player is named “Nobodyhere”"),
        (LinkCharacter("Rivermane", "Twin"), Refused, "Use the number"),
        (LinkCharacter("Rivermane", "Mito", remember_note=True), Refused, "names no one"),
        (UnlinkCharacter("Rivermane"), Refused, "has no player to unlink from"),
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
        await guild.decide(decision)
    assert await guild.player_of(character) is None
    assert await guild.rows("select 1 from guild_identity.fix_attempts") == []


async def test_a_player_may_be_called_by_number(guild: GuildBuilder) -> None:
    await guild.player("Twin")
    twin = await guild.player("Twin")
    character = await guild.character("Rivermane")
    await guild.decide(LinkCharacter("Rivermane", str(twin)))
    assert await guild.player_of(character) == twin


async def _main_of(guild: GuildBuilder, player: int) -> int | None:
    rows = await guild.rows(
        "select main_character_id from guild_identity.players where id = %(player)s", {"player": player}
    )
    return rows[0][0]  # type: ignore[no-any-return]  # a row of the database has no types


async def test_an_alias_means_its_player_at_once_and_no_longer_when_it_is_removed(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    orphan = await guild.character("Rivermane", "Robin")
    await guild.decide(AddAlias("Robin", "Mito"))
    await guild.fix_all("orphan_wow")
    assert await guild.player_of(orphan) == mito
    report = await guild.decide(RemoveAlias("robin"))
    assert await guild.rows("select 1 from guild_identity.player_note_aliases") == []
    await guild.undo(report)
    assert await guild.rows("select player_id, alias from guild_identity.player_note_aliases") == [(mito, "Robin")]


async def test_an_alias_that_means_somebody_else_by_now_does_not_come_back(guild: GuildBuilder) -> None:
    await guild.alias(await guild.main("Mito"), "Robin")
    zork = await guild.main("Zork")
    report = await guild.decide(RemoveAlias("Robin"))
    await guild.decide(AddAlias("Robin", "Zork"))
    with pytest.raises(PlanStale, match=r"remembered “Robin” for Zork on .* Undo that first, or undo both"):
        await guild.undo(report)
    assert await guild.rows("select player_id from guild_identity.player_note_aliases") == [(zork,)]


async def test_a_main_whose_link_an_officer_confirms_stays_the_main(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    main = await _main_of(guild, mito)
    report = await guild.decide(LinkCharacter("Mito", "Mito"))
    assert await _main_of(guild, mito) == main
    assert [effect.what for effect in report.effects] == ["Player of Mito-area-52"]
    await guild.undo(report)
    assert await _main_of(guild, mito) == main
    assert await guild.rows("select link_source from guild_identity.player_characters") == [("full_match",)]


async def test_a_link_that_an_officer_has_rejected_since_is_not_put_back(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    character = await guild.alt("Rivermane", "Zork", mito)
    (unlinked,) = await guild.automate()
    await guild.decide(RejectLink("Rivermane", "Mito", ""))
    with pytest.raises(PlanStale, match="ruled out Rivermane-area-52 for Mito on "):
        await guild.undo(unlinked)
    assert await guild.player_of(character) is None
    await guild.decide(AllowLink("Rivermane", "Mito"))
    await guild.undo(unlinked)
    assert await guild.player_of(character) == mito


async def test_a_player_of_whom_an_officer_has_said_something_since_is_not_taken_back(guild: GuildBuilder) -> None:
    await guild.member("Mito")
    await guild.character("Mito")
    await guild.character("Rivermane")
    match = await run_matching(guild.pool, actor="officer alice")
    await guild.decide(RejectLink("Rivermane", "Mito", ""))
    with pytest.raises(PlanStale, match="ruled out Rivermane-area-52 for Mito on "):
        await guild.undo(match)
    assert len(await guild.rows("select 1 from guild_identity.link_rejections")) == 1
